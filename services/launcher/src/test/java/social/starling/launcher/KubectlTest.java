package social.starling.launcher;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.sun.net.httpserver.HttpServer;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.server.mock.EnableKubernetesMockClient;
import io.fabric8.kubernetes.client.server.mock.KubernetesMockServer;
import java.io.File;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
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
  void shouldReadListAndDeleteObjects() throws Exception {
    Kubectl kubectl = kubectl("http://127.0.0.1:" + server.getPort());
    client
        .configMaps()
        .inNamespace("birds")
        .resource(
            new ConfigMapBuilder()
                .withNewMetadata()
                .withName("one")
                .withLabels(Namespace.STATE)
                .endMetadata()
                .addToData("key", "value")
                .build())
        .create();
    assertThat(kubectl.get(MAPS + "/one").orElseThrow()).contains("\"value\"");
    assertThat(new Namespace(kubectl, "birds").stateObjects())
        .singleElement()
        .satisfies(found -> assertThat(Namespace.nameOf(found)).isEqualTo("one"));

    kubectl.delete(MAPS + "/one?gracePeriodSeconds=0");
    assertThat(client.configMaps().inNamespace("birds").withName("one").get()).isNull();
    assertThat(kubectl.get(MAPS + "/one")).isEmpty();
    kubectl.delete(MAPS + "/one");
  }

  /** The mock API server does not read what {@code kubectl} posts. */
  @Test
  void shouldPostAnObjectAsItIs() throws Exception {
    JsonObject object = new JsonObject();
    object.addProperty("kind", "ConfigMap");
    assertThat(received(201, "{}", kubectl -> kubectl.create(MAPS, object)))
        .singleElement()
        .asString()
        .startsWith("POST " + MAPS + "?")
        .endsWith(" {\"kind\":\"ConfigMap\"}");
  }

  @Test
  void shouldDeleteAnObjectOnlyAsItWasRead() throws Exception {
    JsonObject asRead =
        JsonParser.parseString(
                "{\"metadata\":{\"name\":\"one\",\"uid\":\"u\",\"resourceVersion\":\"7\"}}")
            .getAsJsonObject();
    assertThat(
            received(
                200,
                "{}",
                kubectl -> assertThat(kubectl.deleteUnchanged(MAPS + "/one", asRead)).isTrue()))
        .singleElement()
        .asString()
        .startsWith("DELETE " + MAPS + "/one")
        .contains("\"preconditions\":{\"uid\":\"u\",\"resourceVersion\":\"7\"}");
    received(
        409,
        refusal(409, "Conflict"),
        kubectl -> assertThat(kubectl.deleteUnchanged(MAPS + "/one", asRead)).isFalse());
    received(
        404,
        refusal(404, "NotFound"),
        kubectl -> assertThat(kubectl.deleteUnchanged(MAPS + "/one", asRead)).isTrue());
  }

  private static String refusal(int code, String reason) {
    return """
    {"kind":"Status","apiVersion":"v1","status":"Failure","reason":"%s","code":%d,"message":"no"}
    """
        .formatted(reason, code);
  }

  private interface Use {
    void of(Kubectl kubectl) throws InterruptedException;
  }

  /** The requests that an API server gets which answers each of them like this. */
  private static List<String> received(int status, String answer, Use use) throws Exception {
    List<String> requests = new CopyOnWriteArrayList<>();
    HttpServer http = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
    http.createContext(
        "/",
        exchange -> {
          String body = new String(exchange.getRequestBody().readAllBytes(), UTF_8);
          requests.add(exchange.getRequestMethod() + " " + exchange.getRequestURI() + " " + body);
          byte[] content = answer.getBytes(UTF_8);
          exchange.getResponseHeaders().set("Content-Type", "application/json");
          exchange.sendResponseHeaders(status, content.length);
          exchange.getResponseBody().write(content);
          exchange.close();
        });
    http.start();
    try {
      use.of(kubectl("http://127.0.0.1:" + http.getAddress().getPort()));
      return requests;
    } finally {
      http.stop(0);
    }
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
