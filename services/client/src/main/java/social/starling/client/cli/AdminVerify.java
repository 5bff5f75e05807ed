package social.starling.client.cli;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import social.starling.common.ExitCode;
import social.starling.common.StartException;
import social.starling.proto.coordinator.v1.ClusterStatus;
import social.starling.proto.coordinator.v1.MemberReport;
import social.starling.proto.replication.v1.DigestRequest;
import social.starling.proto.replication.v1.DigestResponse;
import social.starling.proto.replication.v1.MemberAdminGrpc;

@Command(
    name = "verify",
    description =
        "Compare tables and post files of both members of each cluster, byte for byte; waits until"
            + " both have applied the same.")
final class AdminVerify extends AdminCommand {

  private static final Duration PAUSE = Duration.ofMillis(100);

  @Parameters(arity = "0..1", paramLabel = "CLUSTER", description = "One; default: all.")
  private String cluster;

  @Option(
      names = "--wait",
      paramLabel = "TIME",
      defaultValue = "10s",
      description = "For quiet (default: 10s).")
  private Duration wait;

  private record Both(DigestResponse one, DigestResponse other) {

    boolean sameIndex() {
      return one.getAppliedIndex() == other.getAppliedIndex();
    }
  }

  AdminVerify(Io io) {
    super(io);
  }

  @Override
  boolean run(Coordinators coordinators) {
    boolean equal = true;
    for (ClusterStatus status : clusters(coordinators)) {
      equal &= verify(coordinators, status);
    }
    return equal;
  }

  private List<ClusterStatus> clusters(Coordinators coordinators) {
    return ClusterReport.clusters(ClusterReport.read(coordinators), cluster);
  }

  private boolean verify(Coordinators coordinators, ClusterStatus status) {
    List<MemberReport> members = new ArrayList<>();
    for (MemberReport member : status.getMembersList()) {
      if (!member.hasHello() || member.getHello().getInternalAddress().isEmpty()) {
        throw new StartException(
            ExitCode.FAILED,
            "the coordinator has never heard of " + member.getName() + "; start it first");
      }
      members.add(member);
    }
    if (members.size() != 2) {
      throw new StartException(
          ExitCode.FAILED,
          status.getName() + " has " + members.size() + " members: nothing to compare");
    }
    Both both = quiet(coordinators, status.getName(), members);
    return report(status.getName(), both, Comparison.of(both.one(), both.other()));
  }

  private Both quiet(Coordinators coordinators, String name, List<MemberReport> members) {
    long end = System.nanoTime() + wait.toNanos();
    Both both = read(coordinators, members);
    while (!both.sameIndex()) {
      if (System.nanoTime() > end) {
        throw new StartException(
            ExitCode.FAILED,
            name
                + " was not quiet for "
                + wait.toSeconds()
                + " s: "
                + both.one().getMember()
                + " has applied "
                + both.one().getAppliedIndex()
                + ", "
                + both.other().getMember()
                + " "
                + both.other().getAppliedIndex()
                + "; stop the writers, or wait until the slave has caught up, and try again");
      }
      pause();
      both = read(coordinators, members);
    }
    return both;
  }

  private static Both read(Coordinators coordinators, List<MemberReport> members) {
    return new Both(digest(coordinators, members.get(0)), digest(coordinators, members.get(1)));
  }

  private static DigestResponse digest(Coordinators coordinators, MemberReport member) {
    DigestResponse digest =
        coordinators.ask(
            member.getName(),
            member.getHello().getInternalAddress(),
            MemberAdminGrpc.getDigestMethod(),
            DigestRequest.newBuilder().setFiles(true).build());
    return digest.toBuilder().setMember(member.getName()).build();
  }

  private boolean report(String name, Both both, Comparison comparison) {
    DigestResponse one = both.one();
    if (json()) {
      print(
          new Json()
              .put("cluster", name)
              .put("equal", comparison.equal())
              .strings("members", List.of(one.getMember(), both.other().getMember()))
              .put("appliedIndex", one.getAppliedIndex())
              .put("files", one.getFilesCount())
              .strings("differences", comparison.differences())
              .strings("damage", comparison.damage())
              .toString());
      return comparison.equal();
    }
    String members = one.getMember() + " and " + both.other().getMember();
    print(
        comparison.equal()
            ? name
                + ": "
                + members
                + " hold the same: entries to "
                + one.getAppliedIndex()
                + ", "
                + one.getFilesCount()
                + " post files"
            : name
                + ": "
                + members
                + (comparison.differences().isEmpty() ? " are damaged" : " differ")
                + " at entry "
                + one.getAppliedIndex());
    comparison.differences().forEach(line -> print("  " + Shown.line(line)));
    comparison.damage().forEach(line -> print("  damage: " + Shown.line(line)));
    return comparison.equal();
  }

  private static void pause() {
    try {
      Thread.sleep(PAUSE);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new StartException(ExitCode.FAILED, "interrupted", e);
    }
  }
}
