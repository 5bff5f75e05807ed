package social.starling.bench.load;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import social.starling.bench.installation.Coordinator;
import social.starling.bench.installation.Installation;
import social.starling.bench.installation.ProcessFiles;
import social.starling.bench.installation.RecordedProcess;

/** What else is read at the beginning and at the end of the measured time. Used by one thread. */
final class Watched {

  private final ProcessFiles files = new ProcessFiles();
  private final OperatingSystemMXBean self =
      (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
  private final Optional<Installation> installation;
  private final Map<String, Double> cpu = new LinkedHashMap<>();
  private final Map<String, String> epochs = new LinkedHashMap<>();

  Watched(Optional<Installation> installation) {
    this.installation = installation;
  }

  void begin() {
    cpu.put("bench", -ownSeconds());
    installation.ifPresent(
        in -> {
          in.processes().forEach(process -> cpu.put(process.name(), -seconds(process)));
          epochs(in).forEach((cluster, epoch) -> epochs.put(cluster, Long.toString(epoch)));
        });
  }

  void end() {
    cpu.merge("bench", ownSeconds(), Double::sum);
    installation.ifPresent(
        in -> {
          in.processes().forEach(process -> cpu.merge(process.name(), seconds(process), Double::sum));
          epochs(in)
              .forEach(
                  (cluster, epoch) ->
                      epochs.computeIfPresent(
                          cluster,
                          (name, before) ->
                              before.equals(Long.toString(epoch))
                                  ? before + ", unchanged"
                                  : before + ", then " + epoch));
        });
  }

  Map<String, Double> cpuSeconds() {
    return cpu;
  }

  Map<String, String> epochs() {
    return epochs;
  }

  private double ownSeconds() {
    return self.getProcessCpuTime() / 1e9;
  }

  private double seconds(RecordedProcess process) {
    return files.cpuSeconds(process.pid()).orElse(0);
  }

  private static Map<String, Long> epochs(Installation installation) {
    try (Coordinator coordinator = new Coordinator(installation)) {
      Map<String, Long> epochs = new LinkedHashMap<>();
      coordinator
          .clusters()
          .forEach(
              cluster -> epochs.put(cluster.getName(), cluster.getConfiguration().getEpoch()));
      return epochs;
    }
  }
}
