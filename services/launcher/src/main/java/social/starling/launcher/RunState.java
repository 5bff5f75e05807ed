package social.starling.launcher;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;

/**
 * The contents of {@code launcher.json}: what belongs to a data directory and what runs on it.
 * Immutable.
 *
 * @param initialised the coordinator has once been ready here, so its state must be there
 * @param expectedClusters with how many clusters this began: so many must be recorded before the
 *     coordinator deals the slots out
 * @param clusters names of the clusters, in the order in which they were recorded
 * @param launcher the launcher that wrote this, if one has
 * @param ready everything that the launcher started was ready once
 * @param domain below which the processes know each other as {@code NAME.DOMAIN}; empty: they know
 *     each other as 127.0.0.1
 * @param services by name: where it listens, and the process that runs it
 */
record RunState(
    boolean initialised,
    int expectedClusters,
    List<String> clusters,
    Optional<ProcessRecord> launcher,
    boolean ready,
    Optional<String> domain,
    SequencedMap<String, Entry> services) {

  /**
   * One service.
   *
   * @param service what it is
   * @param endpoints its ports, kept over restarts
   * @param process the process last started for it; empty when it was ended on purpose
   */
  record Entry(Service service, Endpoints endpoints, Optional<ProcessRecord> process) {

    Entry withProcess(Optional<ProcessRecord> changed) {
      return new Entry(service, endpoints, changed);
    }
  }

  static final RunState NEW =
      new RunState(
          false, 0, List.of(), Optional.empty(), false, Optional.empty(), new LinkedHashMap<>());

  RunState {
    clusters = List.copyOf(clusters);
    services = Collections.unmodifiableSequencedMap(new LinkedHashMap<>(services));
  }

  Optional<Entry> entry(String name) {
    return Optional.ofNullable(services.get(name));
  }

  List<Entry> ofKind(Kind kind) {
    return services.values().stream().filter(entry -> entry.service().kind() == kind).toList();
  }

  RunState withInitialised() {
    return new RunState(true, expectedClusters, clusters, launcher, ready, domain, services);
  }

  /** With the clusters that this begins with. */
  RunState withFirstClusters(List<String> first) {
    return new RunState(initialised, first.size(), first, launcher, ready, domain, services);
  }

  RunState withClusters(List<String> changed) {
    return new RunState(initialised, expectedClusters, changed, launcher, ready, domain, services);
  }

  /** Without a cluster and its services. */
  RunState withoutCluster(String name) {
    Map<String, Entry> left = new LinkedHashMap<>(services);
    left.values().removeIf(entry -> entry.service().isOf(name));
    return new RunState(
        initialised,
        expectedClusters,
        clusters.stream().filter(cluster -> !cluster.equals(name)).toList(),
        launcher,
        ready,
        domain,
        new LinkedHashMap<>(left));
  }

  RunState withLauncher(ProcessRecord changed) {
    return new RunState(
        initialised, expectedClusters, clusters, Optional.of(changed), false, domain, services);
  }

  RunState withReady() {
    return new RunState(initialised, expectedClusters, clusters, launcher, true, domain, services);
  }

  RunState withDomain(String changed) {
    return new RunState(
        initialised, expectedClusters, clusters, launcher, ready, Optional.of(changed), services);
  }

  RunState withEntry(Entry entry) {
    Map<String, Entry> changed = new LinkedHashMap<>(services);
    changed.put(entry.service().name(), entry);
    return new RunState(
        initialised,
        expectedClusters,
        clusters,
        launcher,
        ready,
        domain,
        new LinkedHashMap<>(changed));
  }

  RunState withProcess(String name, Optional<ProcessRecord> process) {
    Entry entry = services.get(name);
    return entry == null ? this : withEntry(entry.withProcess(process));
  }
}
