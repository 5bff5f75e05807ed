package social.starling.launcher;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.server.mock.EnableKubernetesMockClient;
import io.fabric8.kubernetes.client.server.mock.KubernetesMockServer;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import social.starling.common.StartException;

/** The real program against a mock API server; skipped where there is no {@code kubectl}. */
@EnableKubernetesMockClient(crud = true, https = false)
@Timeout(120)
class KubectlTest {

  private static final String MAPS = "/api/v1/namespaces/birds/configmaps";

  KubernetesMockServer server;
  KubernetesClient client;

  @BeforeAll
  static void needsKubectl() {
    assumeThat(Stream.of(System.getenv("PATH").split(File.pathSeparator)))
        .as("there is no kubectl in PATH")
        .anyMatch(folder -> Files.isExecutable(Path.of(folder, "kubectl")));
  }

  @Test
  void shouldMakeReadListAndDeleteObjects() throws Exception {
    Kubectl kubectl = kubectl("http://127.0.0.1:" + server.getPort());
    JsonObject map =
        JsonParser.parseString(
                """
                {"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"one","namespace":"birds",
                 "labels":{"app.kubernetes.io/part-of":"starling",
                           "starling.social/state":"coordinator"}},"data":{"key":"value"}}
                """)
            .getAsJsonObject();
    kubectl.create(MAPS, map);
    assertThat(kubectl.get(MAPS + "/one").orElseThrow()).contains("\"value\"");
    assertThat(new Namespace(kubectl, "birds").stateObjects())
        .singleElement()
        .satisfies(found -> assertThat(Namespace.nameOf(found)).isEqualTo("one"));

    kubectl.delete(MAPS + "/one?gracePeriodSeconds=0");
    assertThat(client.configMaps().inNamespace("birds").withName("one").get()).isNull();
    assertThat(kubectl.get(MAPS + "/one")).isEmpty();
    kubectl.delete(MAPS + "/one");
  }

  @Test
  void shouldSayInASentenceThatTheApiServerIsNotThere() {
    assertThatThrownBy(() -> kubectl("http://127.0.0.1:1").get(MAPS))
        .isInstanceOf(StartException.class)
        .hasMessageStartingWith("kubectl could not get " + MAPS)
        .hasMessageContaining("127.0.0.1:1");
  }

  private static Kubectl kubectl(String url) {
    return Kubectl.with(List.of("--kubeconfig=/dev/null", "--server=" + url));
  }
}
