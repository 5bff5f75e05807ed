package social.starling.common;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.function.Supplier;

/**
 * {@code /metrics} (Prometheus), {@code /livez} (the process answers) and {@code /readyz} (what it
 * is for works; 503 and a sentence when not). Listens from construction until closed.
 */
public final class HttpEndpoint implements AutoCloseable {

  private static final String TEXT = "text/plain; charset=utf-8";
  private static final String PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8";

  private record Answer(int code, String type, String body) {}

  private final HttpServer server;

  /**
   * @param port 0 takes any free one
   * @param readiness why the process is not ready, in a sentence; empty when it is. Called by many
   *     threads, must answer at once
   * @throws StartException when the port cannot be used
   */
  public HttpEndpoint(
      String host, int port, MeterRegistry registry, Supplier<Optional<String>> readiness) {
    try {
      server = HttpServer.create(new InetSocketAddress(host, port), 64);
    } catch (IOException | IllegalArgumentException e) {
      throw Ports.cannotListen(host, port, "--http-port", e);
    }
    server.setExecutor(
        Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("http-", 0).factory()));
    serve("/livez", () -> new Answer(200, TEXT, "alive\n"));
    serve("/readyz", () -> ready(readiness.get()));
    serve("/metrics", () -> new Answer(200, PROMETHEUS, scrape(registry)));
    server.start();
  }

  /** The port that it listens on. */
  public int port() {
    return server.getAddress().getPort();
  }

  @Override
  public void close() {
    server.stop(0);
  }

  private static Answer ready(Optional<String> trouble) {
    return trouble
        .map(sentence -> new Answer(503, TEXT, "not ready: " + sentence + "\n"))
        .orElse(new Answer(200, TEXT, "ready\n"));
  }

  private static String scrape(MeterRegistry registry) {
    return registry instanceof PrometheusMeterRegistry prometheus ? prometheus.scrape() : "";
  }

  private void serve(String path, Supplier<Answer> source) {
    server.createContext(
        path,
        exchange -> {
          try (exchange) {
            answer(exchange, path, source);
          }
        });
  }

  private static void answer(HttpExchange exchange, String path, Supplier<Answer> source)
      throws IOException {
    Answer answer;
    if (!exchange.getRequestURI().getPath().equals(path)) {
      answer = new Answer(404, TEXT, "there is /metrics, /livez and /readyz\n");
    } else if (!exchange.getRequestMethod().equals("GET")
        && !exchange.getRequestMethod().equals("HEAD")) {
      answer = new Answer(405, TEXT, "only GET\n");
    } else {
      answer = source.get();
    }
    byte[] body = answer.body().getBytes(StandardCharsets.UTF_8);
    exchange.getResponseHeaders().set("Content-Type", answer.type());
    if (exchange.getRequestMethod().equals("HEAD")) {
      exchange.sendResponseHeaders(answer.code(), -1);
    } else {
      exchange.sendResponseHeaders(answer.code(), body.length);
      exchange.getResponseBody().write(body);
    }
  }
}
