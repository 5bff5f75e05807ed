package social.starling.bench.crossing;

import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What a synchronizer counts of what it passes on, read from its metrics. */
final class SentMeters {

  private static final Pattern LINE =
      Pattern.compile("starling_sync_sent_(items|batches|bytes)_total\\{(.*)} (\\S+)");

  private SentMeters() {}

  /**
   * By what is counted: items, batches, bytes. Empty when it does not answer.
   *
   * @param http address of its HTTP port
   * @param peer the cluster that it is sent to
   */
  static Map<String, Double> read(String http, String peer) {
    try (var in = URI.create("http://" + http + "/metrics").toURL().openStream()) {
      return parse(new String(in.readAllBytes(), StandardCharsets.UTF_8), peer);
    } catch (IOException e) {
      return Map.of();
    }
  }

  static Map<String, Double> parse(String metrics, String peer) {
    Map<String, Double> found = new HashMap<>();
    metrics
        .lines()
        .forEach(line -> {
          Matcher matcher = LINE.matcher(line);
          if (matcher.matches() && matcher.group(2).contains("peer=\"" + peer + "\"")) {
            found.put(matcher.group(1), Double.parseDouble(matcher.group(3)));
          }
        });
    return found;
  }
}
