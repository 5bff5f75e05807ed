package social.starling.client.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import social.starling.proto.coordinator.v1.AdminGrpc;
import social.starling.proto.coordinator.v1.RecoverRequest;
import social.starling.proto.coordinator.v1.RecoverResponse;

@Command(
    name = "recover",
    description =
        "When no recorded volume can return: make a member master with the volume that it has,"
            + " giving up what only the others held.")
final class AdminRecover extends AdminCommand {

  @Parameters(index = "0", paramLabel = "CLUSTER", description = "Its name.")
  private String cluster;

  @Parameters(index = "1", paramLabel = "MEMBER", description = "Who becomes master.")
  private String member;

  @Option(names = "--accept-loss", description = "Acknowledged posts may be gone for good.")
  private boolean acceptLoss;

  AdminRecover(Io io) {
    super(io);
  }

  @Override
  void check() {
    if (!acceptLoss) {
      throw new InputException(
          "USAGE",
          "recovery gives up what only the lost volumes held; try everything to bring one back,"
              + " then say --accept-loss");
    }
  }

  @Override
  boolean run(Coordinators coordinators) {
    RecoverResponse answer =
        coordinators.ask(
            AdminGrpc.getRecoverMethod(),
            RecoverRequest.newBuilder()
                .setCluster(cluster)
                .setMember(member)
                .setAcceptLoss(acceptLoss)
                .build());
    if (json()) {
      print(
          ClusterReport.json(answer.getConfiguration())
              .strings("givenUp", answer.getGivenUpList())
              .toString());
    } else {
      print(ClusterReport.text(answer.getConfiguration()));
      answer.getGivenUpList().forEach(line -> print("given up: " + Shown.line(line)));
    }
    return true;
  }
}
