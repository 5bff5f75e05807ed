package social.starling.operator.api;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.crdv2.generator.CRDGenerationInfo;
import io.fabric8.crdv2.generator.CRDGenerator;
import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceColumnDefinition;
import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceDefinition;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The committed definition is what the types say. Write it anew: -Dcrd.write=true. */
class CustomResourceDefinitionTest {

  private static final Path COMMITTED = Path.of("../k8s/crds/snsclusters.starling.social.yaml");
  private static final List<String> COLUMNS =
      List.of("Master", "Slave", "In-Sync", "Epoch", "Users", "Phase", "Age");

  @TempDir private Path directory;

  @Test
  void isGeneratedFromTheTypes() throws IOException {
    String generated = generate();
    if (Boolean.getBoolean("crd.write")) {
      Files.createDirectories(COMMITTED.getParent());
      Files.writeString(COMMITTED, generated);
    }
    assertThat(Files.readString(COMMITTED))
        .as("%s is out of date; run this test with -Dcrd.write=true", COMMITTED)
        .isEqualTo(generated);
  }

  private String generate() throws IOException {
    CRDGenerationInfo written =
        new CRDGenerator()
            .customResourceClasses(SnsCluster.class)
            .forCRDVersions("v1")
            .inOutputDir(directory.toFile())
            .detailedGenerate();
    String path = written.getCRDInfos("snsclusters.starling.social").get("v1").getFilePath();
    CustomResourceDefinition definition =
        Serialization.unmarshal(Files.readString(Path.of(path)), CustomResourceDefinition.class);
    // The generator sorts them by their paths.
    definition
        .getSpec()
        .getVersions()
        .forEach(version ->
            version
                .getAdditionalPrinterColumns()
                .sort(
                    Comparator.comparingInt((CustomResourceColumnDefinition column) ->
                        COLUMNS.indexOf(column.getName()))));
    return "# Generated from operator/src/main/java/social/starling/operator/api; do not edit.\n"
        + Serialization.asYaml(definition).replaceFirst("^---\n", "");
  }
}
