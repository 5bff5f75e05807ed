package social.starling.launcher;

import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.Proxy;
import java.net.URI;
import java.time.Duration;

/** Asks processes whether they are ready. */
@FunctionalInterface
interface Readiness {

  boolean isReady(Endpoints endpoints);

  /** Asks {@code /readyz}: ready is the answer 200 within a second. */
  static Readiness overHttp() {
    return endpoints -> {
      try {
        HttpURLConnection connection =
            (HttpURLConnection)
                URI.create("http://" + Endpoints.HOST + ":" + endpoints.httpPort() + "/readyz")
                    .toURL()
                    .openConnection(Proxy.NO_PROXY);
        connection.setConnectTimeout((int) Duration.ofSeconds(1).toMillis());
        connection.setReadTimeout((int) Duration.ofSeconds(1).toMillis());
        try {
          return connection.getResponseCode() == HttpURLConnection.HTTP_OK;
        } finally {
          connection.disconnect();
        }
      } catch (IOException e) {
        return false;
      }
    };
  }
}
