package social.starling.bench.load;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import social.starling.bench.installation.Coordinator;
import social.starling.bench.installation.CpuTimes;
import social.starling.bench.installation.Installation;

/**
 * What else is read at the beginning and at the end of the measured time: processor time, and the
 * epoch of each cluster, which rises when there was a failover. Used by one thread.
 */
final class Watched {

  private final Optional<Installation> installation;
  private final Map<String, String> epochs = new LinkedHashMap<>();
  private CpuTimes times;
  private Map<String, Double> cpu = Map.of();

  Watched(Optional<Installation> installation) {
    this.installation = installation;
  }

  void begin() {
    times = CpuTimes.start(installation);
    read().forEach((cluster, epoch) -> epochs.put(cluster, Long.toString(epoch)));
  }

  void end() {
    cpu = times.since();
    read()
        .forEach((cluster, epoch) ->
            epochs.computeIfPresent(
                cluster,
                (name, before) ->
                    before.equals(Long.toString(epoch))
                        ? before + ", unchanged"
                        : before + ", then " + epoch));
  }

  Map<String, Double> cpuSeconds() {
    return cpu;
  }

  Map<String, String> epochs() {
    return epochs;
  }

  private Map<String, Long> read() {
    Map<String, Long> found = new LinkedHashMap<>();
    if (installation.isPresent()) {
      try (Coordinator coordinator = new Coordinator(installation.get())) {
        coordinator
            .clusters()
            .forEach(
                cluster -> found.put(cluster.getName(), cluster.getConfiguration().getEpoch()));
      }
    }
    return found;
  }
}
