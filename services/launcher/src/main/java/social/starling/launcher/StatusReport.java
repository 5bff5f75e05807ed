package social.starling.launcher;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import social.starling.proto.coordinator.v1.ClusterStatus;
import social.starling.proto.coordinator.v1.Configuration;
import social.starling.proto.coordinator.v1.GetStatusResponse;
import social.starling.proto.coordinator.v1.Hearing;
import social.starling.proto.coordinator.v1.MemberReport;
import social.starling.proto.coordinator.v1.PeerProgress;
import social.starling.proto.coordinator.v1.SynchronizerReport;

/**
 * What {@code starling status} shows, from what is recorded, what runs and what the coordinator
 * says. Pure.
 *
 * @param rows a process each
 * @param remarks what is wrong or not known, in sentences
 */
record StatusReport(List<StatusRow> rows, List<String> remarks) {

  StatusReport {
    rows = List.copyOf(rows);
    remarks = List.copyOf(remarks);
  }

  /**
   * Puts it together.
   *
   * @param alive by name: the pid and start of each recorded process that runs
   * @param supervised whether the launcher runs
   */
  static StatusReport of(
      DataDirectory directory,
      RunState state,
      Map<String, Alive> alive,
      boolean supervised,
      StatusQuery query,
      Instant now) {
    List<StatusRow> rows = new ArrayList<>();
    List<String> remarks = new ArrayList<>();
    query
        .failure()
        .ifPresent(failure -> remarks.add(failure + ": role, epoch, inSync and lag are not known"));
    Map<String, ClusterStatus> clusters =
        query.status().map(GetStatusResponse::getClustersList).orElse(List.of()).stream()
            .collect(Collectors.toMap(ClusterStatus::getName, Function.identity()));
    for (RunState.Entry entry : ordered(state)) {
      Optional<Alive> process = Optional.ofNullable(alive.get(entry.service().name()));
      Optional<ClusterStatus> cluster = entry.service().cluster().map(clusters::get);
      rows.add(row(directory, entry, process, cluster, now));
      if (process.isEmpty()) {
        remarks.add(entry.service().name() + " is not running");
      }
      cluster
          .flatMap(status -> report(status, entry.service().name()))
          .filter(report -> !report.getStatus().getTrouble().isEmpty())
          .ifPresent(report ->
              remarks.add(entry.service().name() + ": " + report.getStatus().getTrouble()));
    }
    if (!supervised && !alive.isEmpty()) {
      remarks.add("no launcher runs, so what dies is not started again; starling up mends that");
    }
    return new StatusReport(rows, remarks);
  }

  private static List<RunState.Entry> ordered(RunState state) {
    return state.services().values().stream()
        .sorted(Comparator.comparing(entry -> entry.service().kind()))
        .toList();
  }

  /** A process that runs. */
  record Alive(long pid, Instant started) {}

  private static StatusRow row(
      DataDirectory directory,
      RunState.Entry entry,
      Optional<Alive> process,
      Optional<ClusterStatus> cluster,
      Instant now) {
    Service service = entry.service();
    boolean member = service.kind() == Kind.SERVER;
    Optional<Configuration> configuration =
        cluster
            .filter(status -> member)
            .map(ClusterStatus::getConfiguration)
            .filter(known -> known.getEpoch() > 0);
    Optional<MemberReport> report =
        process
            .flatMap(running -> cluster)
            .flatMap(status -> report(status, service.name()))
            .filter(heard -> heard.getHearing() == Hearing.HEARD);
    return new StatusRow(
        service.kind().word(),
        service.cluster().orElse(null),
        member ? service.name() : null,
        process
            .flatMap(running -> configuration)
            .map(known -> known.getMaster().equals(service.name()) ? "master" : "slave")
            .orElse(null),
        report.map(heard -> heard.getStatus().getEpoch()).orElse(null),
        configuration.map(known -> isInSync(known, service.name(), report)).orElse(null),
        process.map(Alive::pid).orElse(null),
        entry.endpoints().address(),
        member || service.kind() == Kind.COORDINATOR ? directory.of(service).toString() : null,
        member
            ? report.map(heard -> heard.getStatus().getLag()).orElse(null)
            : process.flatMap(running -> cluster).flatMap(StatusReport::largestLag).orElse(null),
        process
            .map(running -> Duration.between(running.started(), now).toSeconds())
            .map(seconds -> Math.max(0, seconds))
            .orElse(null));
  }

  /** Of a synchronizer that is heard: what it has still to get from the peer that is furthest. */
  private static Optional<Long> largestLag(ClusterStatus cluster) {
    SynchronizerReport report = cluster.getSynchronizer();
    return report.getHearing() == Hearing.HEARD
        ? Optional.of(
            report.getStatus().getPeersList().stream()
                .mapToLong(PeerProgress::getLag)
                .max()
                .orElse(0))
        : Optional.empty();
  }

  private static boolean isInSync(
      Configuration configuration, String member, Optional<MemberReport> report) {
    return configuration.getInSyncList().stream()
        .filter(counted -> counted.getMember().equals(member))
        .anyMatch(counted ->
            report.isEmpty()
                || report.get().getStatus().getVolume().isEmpty()
                || counted.getVolume().equals(report.get().getStatus().getVolume()));
  }

  private static Optional<MemberReport> report(ClusterStatus cluster, String member) {
    return cluster.getMembersList().stream()
        .filter(report -> report.getName().equals(member))
        .findFirst();
  }
}
