package social.starling.common;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.StreamObserver;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import social.starling.proto.router.v1.LocateRequest;
import social.starling.proto.router.v1.LocateResponse;
import social.starling.proto.router.v1.RouterGrpc;

class HttpEndpointTest {

  private final PrometheusMeterRegistry registry =
      Metrics.registry("server", Map.of("cluster", "alpha"));
  private final AtomicReference<Optional<String>> trouble = new AtomicReference<>(Optional.empty());
  private final HttpEndpoint http = new HttpEndpoint("127.0.0.1", 0, registry, trouble::get);
  private final HttpClient client = HttpClient.newHttpClient();

  @AfterEach
  void close() {
    client.close();
    http.close();
  }

  private HttpResponse<String> get(String path) throws IOException, InterruptedException {
    return send(HttpRequest.newBuilder(), path);
  }

  private HttpResponse<String> send(HttpRequest.Builder request, String path)
      throws IOException, InterruptedException {
    URI uri = URI.create("http://127.0.0.1:" + http.port() + path);
    return client.send(
        request.uri(uri).timeout(Duration.ofSeconds(10)).build(),
        HttpResponse.BodyHandlers.ofString());
  }

  @Test
  void livenessAndReadinessAreTwoThings() throws Exception {
    assertThat(get("/readyz").statusCode()).isEqualTo(200);
    trouble.set(Optional.of("no map yet"));
    HttpResponse<String> notReady = get("/readyz");
    assertThat(notReady.statusCode()).isEqualTo(503);
    assertThat(notReady.body()).contains("no map yet");
    assertThat(get("/livez").statusCode()).isEqualTo(200);
  }

  @Test
  void otherPathsAndMethodsAreRefused() throws Exception {
    assertThat(get("/").statusCode()).isEqualTo(404);
    assertThat(get("/metrics/more").statusCode()).isEqualTo(404);
    HttpRequest.Builder post =
        HttpRequest.newBuilder().POST(HttpRequest.BodyPublishers.ofString("x"));
    assertThat(send(post, "/metrics").statusCode()).isEqualTo(405);
  }

  @Test
  void metricsCarryTheirLabels() throws Exception {
    registry.counter("starling_posts").increment();
    HttpResponse<String> metrics = get("/metrics");
    assertThat(metrics.headers().firstValue("Content-Type").orElseThrow()).startsWith("text/plain");
    assertThat(metrics.body())
        .contains("starling_posts_total{cluster=\"alpha\",process=\"server\"} 1.0");
  }

  @Test
  void theJvmIsMeasuredOnceBound() throws Exception {
    assertThat(get("/metrics").body()).doesNotContain("jvm_memory_used_bytes");
    assertThat(Metrics.bindJvm(registry).join(Duration.ofSeconds(20))).isTrue();
    assertThat(get("/metrics").body()).contains("jvm_memory_used_bytes").contains("process_uptime");
  }

  @Test
  void callsAreCountedByMethodAndCode() throws Exception {
    RouterGrpc.RouterImplBase service =
        new RouterGrpc.RouterImplBase() {
          @Override
          public void locate(LocateRequest request, StreamObserver<LocateResponse> answer) {
            Limits.checkName(request.getUser());
            answer.onNext(LocateResponse.getDefaultInstance());
            answer.onCompleted();
          }
        };
    try (GrpcServer server =
        GrpcServers.publicServer(
            "127.0.0.1", 0, method -> true, List.of(Metrics.calls(registry)), service)) {
      ManagedChannel channel = Channels.open("127.0.0.1:" + server.port());
      try {
        var stub = RouterGrpc.newBlockingStub(channel);
        stub.locate(LocateRequest.newBuilder().setUser("alice").build());
        assertThatThrownBy(() -> stub.locate(LocateRequest.newBuilder().setUser("no no").build()))
            .isInstanceOf(StatusRuntimeException.class);
      } finally {
        channel.shutdownNow();
      }
    }
    assertThat(get("/metrics").body())
        .containsPattern("starling_calls_seconds_count\\{.*code=\"OK\",.*Locate.*\\} 1")
        .containsPattern("starling_calls_seconds_count\\{.*\"INVALID_ARGUMENT\",.*Locate.*\\} 1");
  }

  @Test
  void aBusyPortIsSaidInASentence() {
    assertThatThrownBy(() -> new HttpEndpoint("127.0.0.1", http.port(), registry, Optional::empty))
        .isInstanceOf(StartException.class)
        .hasMessageContaining("is in use by another process; choose another with --http-port");
  }
}
