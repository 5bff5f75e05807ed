package social.starling.launcher;

import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import social.starling.common.Channels;
import social.starling.common.Credential;
import social.starling.common.StartException;
import social.starling.proto.coordinator.v1.AdminGrpc;
import social.starling.proto.coordinator.v1.GetStatusRequest;
import social.starling.proto.coordinator.v1.GetStatusResponse;

/**
 * What the coordinators say of the clusters.
 *
 * @param status the answer of the first coordinator that gave one
 * @param failure why there is none, in words
 */
record StatusQuery(Optional<GetStatusResponse> status, Optional<String> failure) {

  private static final long SECONDS = 5;

  /** Asks the coordinators of an installation, once each. */
  static StatusQuery ask(DataDirectory directory, RunState state) {
    List<RunState.Entry> coordinators = state.ofKind(Kind.COORDINATOR);
    String failure = "no coordinator is recorded in " + directory.stateFile();
    for (RunState.Entry coordinator : coordinators) {
      String address = coordinator.endpoints().internalAddress();
      try {
        Credential credential = Credential.read(directory.credential());
        ManagedChannel channel = Channels.open(address, credential.clientInterceptor());
        try {
          return new StatusQuery(
              Optional.of(
                  AdminGrpc.newBlockingStub(channel)
                      .withDeadlineAfter(SECONDS, TimeUnit.SECONDS)
                      .getStatus(GetStatusRequest.getDefaultInstance())),
              Optional.empty());
        } finally {
          channel.shutdownNow();
        }
      } catch (StatusRuntimeException e) {
        failure =
            "the coordinator at %s does not answer (%s)"
                .formatted(address, e.getStatus().getCode());
      } catch (StartException e) {
        failure = e.getMessage();
      }
    }
    return new StatusQuery(Optional.empty(), Optional.of(failure));
  }
}
