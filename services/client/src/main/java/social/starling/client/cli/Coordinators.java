package social.starling.client.cli;

import io.grpc.CallOptions;
import io.grpc.ClientInterceptor;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCalls;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import social.starling.common.Channels;
import social.starling.common.Errors;
import social.starling.common.ExitCode;
import social.starling.common.StartException;
import social.starling.proto.sns.v1.Reason;

/** Internal calls of administration: to whichever coordinator answers, and to members. */
final class Coordinators implements AutoCloseable {

  private static final Duration DEADLINE = Duration.ofSeconds(15);

  private final List<String> addresses;
  private final ClientInterceptor credential;
  private final Map<String, ManagedChannel> channels = new HashMap<>();

  Coordinators(List<String> addresses, ClientInterceptor credential) {
    this.addresses = addresses;
    this.credential = credential;
  }

  /**
   * Asks one coordinator after the other.
   *
   * @throws StartException with a sentence when none answers, or one refuses
   */
  <Q, A> A ask(MethodDescriptor<Q, A> method, Q request) {
    StatusRuntimeException last = null;
    for (String address : addresses) {
      try {
        return blocking(address, method, request);
      } catch (StatusRuntimeException e) {
        // With a reason it is an answer, and the other would say the same.
        if (e.getStatus().getCode() != Status.Code.UNAVAILABLE || Errors.reason(e).isPresent()) {
          throw refused("the coordinator at " + address, e);
        }
        last = e;
      }
    }
    throw new StartException(
        ExitCode.FAILED,
        "cannot reach "
            + (addresses.size() == 1 ? "the coordinator at " : "any of the coordinators ")
            + String.join(", ", addresses)
            + "; is it running? `starling status` tells",
        last);
  }

  /**
   * Asks a process at its internal address.
   *
   * @param name of whom, for the sentence
   * @throws StartException with a sentence when it does not answer, or refuses
   */
  <Q, A> A ask(String name, String address, MethodDescriptor<Q, A> method, Q request) {
    try {
      return blocking(address, method, request);
    } catch (StatusRuntimeException e) {
      if (e.getStatus().getCode() == Status.Code.UNAVAILABLE && Errors.reason(e).isEmpty()) {
        throw new StartException(ExitCode.FAILED, "cannot reach " + name + " at " + address, e);
      }
      throw refused(name + " at " + address, e);
    }
  }

  @Override
  public void close() {
    channels.values().forEach(ManagedChannel::shutdownNow);
  }

  private <Q, A> A blocking(String address, MethodDescriptor<Q, A> method, Q request) {
    ManagedChannel channel = channels.computeIfAbsent(address, to -> Channels.open(to, credential));
    return ClientCalls.blockingUnaryCall(
        channel,
        method,
        CallOptions.DEFAULT.withDeadlineAfter(DEADLINE.toSeconds(), TimeUnit.SECONDS),
        request);
  }

  private static StartException refused(String who, StatusRuntimeException e) {
    if (e.getStatus().getCode() == Status.Code.DEADLINE_EXCEEDED && Errors.reason(e).isEmpty()) {
      return new StartException(
          ExitCode.FAILED, who + " did not answer within " + DEADLINE.toSeconds() + " s", e);
    }
    String description = e.getStatus().getDescription();
    String sentence =
        description == null ? who + " answered " + e.getStatus().getCode() : description;
    boolean credential = Errors.reason(e).filter(Reason.NOT_AUTHENTICATED::equals).isPresent();
    return new StartException(
        ExitCode.FAILED, sentence + (credential ? "; name its file with --credential" : ""), e);
  }
}
