package social.starling.bench.compare;

import java.util.Map;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * How to learn what a system takes.
 *
 * @param cpuSeconds processor time so far of each of its processes
 * @param memoryBytes of all its processes
 * @param volumeBytes of all its files
 */
record Probe(
    Supplier<Map<String, Double>> cpuSeconds, LongSupplier memoryBytes, LongSupplier volumeBytes) {}
