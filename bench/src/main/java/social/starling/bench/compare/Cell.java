package social.starling.bench.compare;

import java.util.List;
import java.util.Map;
import social.starling.bench.load.Report;

/**
 * One system with one workload. Processor time in milliseconds, sizes in MiB.
 *
 * @param rate of the open loop; 0 for a closed one
 * @param perSecond answers of all kinds
 * @param kinds with their latencies
 * @param serverCpu for each operation, of all processes of the system
 * @param cpuByProcess the same, of each of them
 * @param generatorCpu for each operation, of the load generator
 * @param othersPercent share of the machine's processors that other programs took
 * @param memory of all processes of the system, shared pages counted once, at the end
 * @param volume of all files of the system, at the end
 * @param bytesPerPost growth of the volume by each post; 0 when none was made
 * @param percentiles latency of posts and timelines at {@link #AT}, in milliseconds, by kind
 */
record Cell(
    String system,
    Workload workload,
    int clients,
    int rate,
    double perSecond,
    List<Report.Line> kinds,
    double serverCpu,
    Map<String, Double> cpuByProcess,
    double generatorCpu,
    double othersPercent,
    double memory,
    double volume,
    double bytesPerPost,
    Map<String, List<Double>> percentiles) {

  /** Percentiles that are kept. */
  static final List<Double> AT = List.of(0.0, 50.0, 90.0, 99.0, 99.9, 99.99);

  boolean isClosed() {
    return clients > 0;
  }
}
