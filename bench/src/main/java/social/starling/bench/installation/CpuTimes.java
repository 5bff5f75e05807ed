package social.starling.bench.installation;

import java.lang.management.ManagementFactory;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Processor seconds between two moments: of this program, of each process of an installation, and
 * of everything else on the machine, which tells whether a figure can be trusted. Used by one
 * thread.
 *
 * <p>What a process took that ended in between counts as another's.
 */
public final class CpuTimes {

  /** Key of everything else. */
  public static final String OTHERS = "others";

  private final ProcessFiles files = new ProcessFiles();
  private final Optional<Installation> installation;
  private final Map<String, Double> before;
  private final double machine;

  private CpuTimes(Optional<Installation> installation) {
    this.installation = installation;
    this.before = known(installation);
    this.machine = files.machineCpuSeconds().orElse(0);
  }

  /** Begins now. */
  public static CpuTimes start(Optional<Installation> installation) {
    return new CpuTimes(installation);
  }

  /** Seconds since the beginning, by name; {@link #OTHERS} only when an installation is watched. */
  public Map<String, Double> since() {
    return since(installation);
  }

  /** As above, with the processes that are there now. */
  public Map<String, Double> since(Optional<Installation> now) {
    double total = files.machineCpuSeconds().orElse(0) - machine;
    Map<String, Double> seconds = new LinkedHashMap<>();
    for (Map.Entry<String, Double> entry : known(now).entrySet()) {
      double taken = entry.getValue() - before.getOrDefault(entry.getKey(), 0.0);
      // Less than before: a process that was started since.
      seconds.put(entry.getKey(), taken >= 0 ? taken : entry.getValue());
    }
    if (now.isPresent()) {
      double ours = seconds.values().stream().mapToDouble(Double::doubleValue).sum();
      seconds.put(OTHERS, Math.max(0, total - ours));
    }
    return seconds;
  }

  private Map<String, Double> known(Optional<Installation> from) {
    Map<String, Double> seconds = new LinkedHashMap<>();
    seconds.put("bench", ownSeconds());
    from.ifPresent(in ->
        in.processes()
            .forEach(
                process -> seconds.put(process.name(), files.cpuSeconds(process.pid()).orElse(0))));
    return seconds;
  }

  private static double ownSeconds() {
    return ((com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
            .getProcessCpuTime()
        / 1e9;
  }
}
