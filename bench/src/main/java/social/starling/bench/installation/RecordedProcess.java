package social.starling.bench.installation;

import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.Proxy;
import java.net.URI;
import java.util.List;
import java.util.Optional;

/**
 * A process as the launcher recorded it.
 *
 * @param kind coordinator, server or router
 * @param name of the service: {@code alpha-1}
 * @param pid 0 while it is being started
 * @param instance id of this very process; stands on its command line
 * @param command its command line
 * @param httpAddress where it answers {@code /readyz}
 */
public record RecordedProcess(
    String kind,
    String name,
    Optional<String> cluster,
    long pid,
    String instance,
    List<String> command,
    String httpAddress) {

  public RecordedProcess {
    command = List.copyOf(command);
  }

  /** Whether it says now, within a second, that it is ready. */
  public boolean isReady() {
    try {
      HttpURLConnection connection =
          (HttpURLConnection)
              URI.create("http://" + httpAddress + "/readyz")
                  .toURL()
                  .openConnection(Proxy.NO_PROXY);
      connection.setConnectTimeout(1000);
      connection.setReadTimeout(1000);
      try {
        return connection.getResponseCode() == HttpURLConnection.HTTP_OK;
      } finally {
        connection.disconnect();
      }
    } catch (IOException e) {
      return false;
    }
  }
}
