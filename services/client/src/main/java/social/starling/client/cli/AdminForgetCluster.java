package social.starling.client.cli;

import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Command;
import social.starling.common.ExitCode;
import social.starling.common.StartException;
import social.starling.proto.coordinator.v1.AdminGrpc;
import social.starling.proto.coordinator.v1.ForgetClusterRequest;

@Command(
    name = "forget-cluster",
    description =
        "Take away a cluster in which no user lives; its slots go to the others. Refused while one"
            + " does.")
final class AdminForgetCluster extends ClusterChange {

  AdminForgetCluster(Io io) {
    super(io);
  }

  @Override
  void run(Coordinators coordinators, String name, Optional<LocalInstallation> local) {
    local.ifPresent(l -> l.checkLauncherRuns("end the servers of " + name));
    boolean known = local.filter(l -> l.clusters().contains(name)).isPresent();
    try {
      coordinators.ask(
          AdminGrpc.getForgetClusterMethod(),
          ForgetClusterRequest.newBuilder().setName(name).build());
    } catch (StartException e) {
      // An earlier call that was interrupted got this far: what is left are its processes.
      if (!known || !isUnknown(e)) {
        throw e;
      }
    }
    local.ifPresent(l -> end(l, name));
    if (json()) {
      print(new Json().put("cluster", name).put("forgotten", true).toString());
    } else {
      print(
          name
              + ": forgotten"
              + local
                  .map(l -> "; its directories are in " + l.directory().resolve("forgotten"))
                  .orElse(""));
    }
  }

  private void end(LocalInstallation local, String name) {
    WantedClusters.change(local.directory(), local.clusters(), wanted -> without(wanted, name));
    if (!comesAbout(() -> !local.clusters().contains(name))) {
      throw new StartException(
          ExitCode.FAILED,
          name + " is forgotten, and the launcher has not ended its processes yet; see its output");
    }
  }

  private static List<String> without(List<String> wanted, String name) {
    return wanted.stream().filter(each -> !each.equals(name)).toList();
  }

  private static boolean isUnknown(StartException e) {
    return e.getCause() instanceof StatusRuntimeException refusal
        && refusal.getStatus().getCode() == Status.Code.NOT_FOUND;
  }
}
