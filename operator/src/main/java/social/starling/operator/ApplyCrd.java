package social.starling.operator;

import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceDefinition;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;
import social.starling.common.CommonOptions;
import social.starling.common.ExitCode;
import social.starling.common.Logging;
import social.starling.common.ProcessMain;
import social.starling.common.StartException;
import social.starling.common.Version;

/**
 * Brings the definition of {@code SnsCluster} up to date, before a chart's upgrade: Helm installs
 * what stands in {@code crds/}, and never changes it.
 */
@Command(
    name = "apply-crd",
    versionProvider = Version.class,
    description = "Applies a CustomResourceDefinition, and ends.")
final class ApplyCrd implements Callable<Integer> {

  private static final String MANAGER = "starling-chart";

  @Parameters(paramLabel = "FILE", description = "The definition, as YAML.")
  private Path file;

  @Mixin private CommonOptions common;

  private ApplyCrd() {}

  public static void main(String[] args) {
    System.exit(ProcessMain.run(new ApplyCrd(), args));
  }

  @Override
  public Integer call() {
    Logging.configure(common.logFormat(), common.logLevel(), "apply-crd");
    CustomResourceDefinition wanted = read();
    try (KubernetesClient client = new KubernetesClientBuilder().build()) {
      CustomResourceDefinition applied =
          client.resource(wanted).fieldManager(MANAGER).forceConflicts().serverSideApply();
      LoggerFactory.getLogger(ApplyCrd.class)
          .atInfo()
          .addKeyValue("name", applied.getMetadata().getName())
          .addKeyValue("generation", applied.getMetadata().getGeneration())
          .log("applied");
      return ExitCode.DONE;
    } catch (KubernetesClientException e) {
      throw new StartException(
          ExitCode.FAILED, "%s could not be applied: %s".formatted(file, e.getMessage()), e);
    }
  }

  private CustomResourceDefinition read() {
    try {
      return Serialization.unmarshal(Files.readString(file), CustomResourceDefinition.class);
    } catch (IOException | RuntimeException e) {
      throw new StartException(
          ExitCode.USAGE, "%s cannot be read: %s".formatted(file, e.getMessage()), e);
    }
  }
}
