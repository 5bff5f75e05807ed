package social.starling.launcher;

import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.Proxy;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.OptionalDouble;
import java.util.OptionalLong;

/** Asks a server's process, by its metrics, whether it serves, and in which epoch. */
final class OpenEpoch {

  private static final int MILLIS = (int) Duration.ofSeconds(1).toMillis();
  private static final int MAX_BYTES = 1 << 20;

  private OpenEpoch() {}

  /** The epoch; empty when no process answers, or it does not serve. */
  static OptionalLong of(Endpoints endpoints) {
    try {
      HttpURLConnection connection =
          (HttpURLConnection)
              URI.create("http://" + Endpoints.HOST + ":" + endpoints.httpPort() + "/metrics")
                  .toURL()
                  .openConnection(Proxy.NO_PROXY);
      connection.setConnectTimeout(MILLIS);
      connection.setReadTimeout(MILLIS);
      try (InputStream in = connection.getInputStream()) {
        return in(new String(in.readNBytes(MAX_BYTES), StandardCharsets.UTF_8));
      } finally {
        connection.disconnect();
      }
    } catch (IOException e) {
      return OptionalLong.empty();
    }
  }

  /** What the text of the metrics says. */
  static OptionalLong in(String metrics) {
    OptionalDouble epoch = value(metrics, "starling_epoch");
    return value(metrics, "starling_open").orElse(0) == 1 && epoch.isPresent()
        ? OptionalLong.of((long) epoch.getAsDouble())
        : OptionalLong.empty();
  }

  private static OptionalDouble value(String metrics, String name) {
    return metrics
        .lines()
        .filter(line -> line.startsWith(name + "{") || line.startsWith(name + " "))
        .map(line -> line.substring(line.lastIndexOf(' ') + 1))
        .filter(number -> number.matches("[0-9]+(\\.[0-9]+)?(E[0-9]+)?"))
        .mapToDouble(Double::parseDouble)
        .findFirst();
  }
}
