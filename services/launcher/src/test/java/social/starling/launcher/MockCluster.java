package social.starling.launcher;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.fabric8.kubernetes.client.server.mock.KubernetesMockServer;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import social.starling.common.ExitCode;
import social.starling.common.StartException;

/**
 * A mock API server, and a kubelet that really runs the programs of the pods that are made: what
 * reads a volume reads a directory here, and what writes the state writes it to that API server.
 */
final class MockCluster implements ApiServer {

  private final String url;
  private final Path claims;
  private final HttpClient http = HttpClient.newHttpClient();
  private final Map<String, String> logs = new ConcurrentHashMap<>();
  private final Map<String, JsonObject> made = new ConcurrentHashMap<>();
  private final Map<String, String> metrics = new ConcurrentHashMap<>();
  private final Set<String> stuck = ConcurrentHashMap.newKeySet();
  private volatile Runnable beforeDeletion = () -> {};

  /**
   * @param claims a directory for each claim, in place of its {@code /data/volume}
   */
  MockCluster(KubernetesMockServer server, Path claims) {
    this.url = "http://127.0.0.1:" + server.getPort();
    this.claims = claims;
  }

  String url() {
    return url;
  }

  /** What a member's process answers; those without are not reached. */
  void metrics(String member, String text) {
    metrics.put(member, text);
  }

  /** This pod never comes to run. */
  void stuck(String pod) {
    stuck.add(pod);
  }

  /** What happens before each document is deleted. */
  void beforeDeletion(Runnable what) {
    beforeDeletion = what;
  }

  /** A pod as it was made. */
  JsonObject made(String pod) {
    return made.get(pod);
  }

  @Override
  public Optional<String> get(String path) throws InterruptedException {
    String[] parts = path.split("[/:]");
    if (path.endsWith("/log")) {
      return Optional.ofNullable(logs.get(parts[parts.length - 2]));
    }
    if (path.endsWith(":9000/proxy/metrics")) {
      String text = metrics.get(parts[parts.length - 4]);
      if (text == null) {
        throw new StartException(ExitCode.FAILED, "kubectl could not get it: no route to host");
      }
      return Optional.of(text);
    }
    HttpResponse<String> answer = send("GET", path, "");
    return answer.statusCode() == 404 ? Optional.empty() : Optional.of(ok(answer).body());
  }

  @Override
  public void create(String path, JsonObject object) throws InterruptedException {
    if (path.endsWith("/pods")) {
      String name = Namespace.nameOf(object);
      made.put(name, object.deepCopy());
      JsonObject status = new JsonObject();
      status.addProperty(
          "phase", stuck.contains(name) ? "Pending" : run(object) == 0 ? "Succeeded" : "Failed");
      object.add("status", status);
    }
    ok(send("POST", path, object.toString()));
  }

  @Override
  public void delete(String path) throws InterruptedException {
    HttpResponse<String> answer = send("DELETE", path, "");
    if (answer.statusCode() != 404) {
      ok(answer);
    }
  }

  /** The mock API server knows no preconditions. */
  @Override
  public boolean deleteUnchanged(String path, JsonObject asRead) throws InterruptedException {
    beforeDeletion.run();
    Optional<String> now = get(path);
    for (String key : List.of("uid", "resourceVersion")) {
      String read = Namespace.text(asRead, "metadata", key).orElseThrow();
      if (now.isPresent()
          && !Namespace.text(JsonParser.parseString(now.get()).getAsJsonObject(), "metadata", key)
              .orElseThrow()
              .equals(read)) {
        return false;
      }
    }
    delete(path);
    return true;
  }

  private int run(JsonObject pod) throws InterruptedException {
    JsonObject spec = pod.getAsJsonObject("spec");
    JsonObject container = spec.getAsJsonArray("containers").get(0).getAsJsonObject();
    JsonObject volume = spec.getAsJsonArray("volumes").get(0).getAsJsonObject();
    String name = Namespace.nameOf(pod);
    try {
      List<String> command = new ArrayList<>();
      if (container.has("command")) {
        String claim = Namespace.text(volume, "persistentVolumeClaim", "claimName").orElseThrow();
        List<String> words =
            container.getAsJsonArray("command").asList().stream()
                .map(w -> w.getAsString())
                .toList();
        command.addAll(WrittenVolumes.java(words.get(words.size() - 2)));
        command.add(claims.resolve(claim).toString());
      } else {
        String namespace = Namespace.text(pod, "metadata", "namespace").orElseThrow();
        String map = Namespace.text(volume, "configMap", "name").orElseThrow();
        Path state = Files.createTempDirectory("state");
        String content =
            ok(send("GET", "/api/v1/namespaces/%s/configmaps/%s".formatted(namespace, map), ""))
                .body();
        Files.writeString(
            state.resolve(RebuildPods.STATE_KEY),
            Namespace.text(
                    JsonParser.parseString(content).getAsJsonObject(),
                    "data",
                    RebuildPods.STATE_KEY)
                .orElseThrow());
        command.addAll(
            WrittenVolumes.java(
                Kind.COORDINATOR.mainClass(),
                "-Dkubernetes.master=" + url,
                "-Dkubernetes.auth.tryKubeConfig=false",
                "-Dkubernetes.auth.tryServiceAccount=false"));
        container
            .getAsJsonArray("args")
            .forEach(word -> command.add(word.getAsString().replace("/state/", state + "/")));
      }
      Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
      String log = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      logs.put(name, log);
      return process.waitFor(60, TimeUnit.SECONDS) ? process.exitValue() : -1;
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private HttpResponse<String> send(String method, String path, String body)
      throws InterruptedException {
    try {
      return http.send(
          HttpRequest.newBuilder(URI.create(url + path))
              .header("Content-Type", "application/json")
              .method(
                  method, body.isEmpty() ? BodyPublishers.noBody() : BodyPublishers.ofString(body))
              .build(),
          BodyHandlers.ofString());
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private static HttpResponse<String> ok(HttpResponse<String> answer) {
    if (answer.statusCode() >= 300) {
      throw new IllegalStateException(answer.statusCode() + " " + answer.body());
    }
    return answer;
  }
}
