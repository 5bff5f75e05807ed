package social.starling.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.Status.Code;
import io.grpc.stub.ClientCalls;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.channels.ClosedChannelException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import social.starling.common.Channels;
import social.starling.common.Errors;
import social.starling.proto.router.v1.LocateRequest;
import social.starling.proto.router.v1.RouterGrpc;
import social.starling.proto.sns.v1.Reason;

class VerdictTest {

  @ParameterizedTest
  @CsvSource({
    "NOT_MASTER, FAILED_PRECONDITION, ELSEWHERE",
    "WRONG_CLUSTER, FAILED_PRECONDITION, ELSEWHERE",
    "NOT_READY, UNAVAILABLE, LATER",
    "UNKNOWN_OUTCOME, UNAVAILABLE, LATER",
    "ONE_COPY_ONLY, UNAVAILABLE, LATER",
    "OVERLOADED, RESOURCE_EXHAUSTED, LATER",
    "WAITING_FOR_CLUSTERS, UNAVAILABLE, LATER",
    "CLUSTER_DOWN, UNAVAILABLE, LATER",
    "DISK_FULL, RESOURCE_EXHAUSTED, FINAL",
    "DAMAGED, DATA_LOSS, FINAL",
    "USER_UNKNOWN, NOT_FOUND, FINAL",
    "SESSION_EXPIRED, FAILED_PRECONDITION, FINAL",
    "SEQUENCE_REUSED, INVALID_ARGUMENT, FINAL",
    "NOT_AUTHENTICATED, UNAUTHENTICATED, FINAL"
  })
  void shouldJudgeByTheReason(Reason reason, Code code, Verdict verdict) {
    assertThat(Verdict.of(Errors.of(code, reason, "why"))).isEqualTo(verdict);
  }

  @Test
  void shouldTakeAConnectionThatClosedUnderACallForBrokenWhateverItsCode() {
    assertThat(
            Verdict.of(Status.UNKNOWN.withCause(new ClosedChannelException()).asRuntimeException()))
        .isEqualTo(Verdict.BROKEN);
    assertThat(
            Verdict.of(Status.UNKNOWN.withCause(new IllegalStateException()).asRuntimeException()))
        .isEqualTo(Verdict.FINAL);
  }

  @ParameterizedTest
  @CsvSource({
    "UNAVAILABLE, BROKEN",
    "DEADLINE_EXCEEDED, BROKEN",
    "CANCELLED, BROKEN",
    "RESOURCE_EXHAUSTED, LATER",
    "INVALID_ARGUMENT, FINAL",
    "UNIMPLEMENTED, FINAL",
    "INTERNAL, FINAL",
    "UNKNOWN, FINAL"
  })
  void shouldJudgeByTheCodeWithoutAReason(Code code, Verdict verdict) {
    assertThat(Verdict.of(code.toStatus().asRuntimeException())).isEqualTo(verdict);
    assertThat(Verdict.of(code.toStatus().asException())).isEqualTo(verdict);
  }

  @Test
  void shouldNotRepeatAMessageThatIsTooLarge() {
    assertThat(
            Verdict.of(
                Status.RESOURCE_EXHAUSTED
                    .withDescription("gRPC message exceeds maximum size 65536: 70000")
                    .asRuntimeException()))
        .isEqualTo(Verdict.FINAL);
  }

  private static Throwable locate(String address, long millis) {
    ManagedChannel channel = Channels.open(address);
    try {
      return catchThrowable(() ->
          ClientCalls.blockingUnaryCall(
              channel,
              RouterGrpc.getLocateMethod(),
              CallOptions.DEFAULT.withDeadlineAfter(millis, TimeUnit.MILLISECONDS),
              LocateRequest.getDefaultInstance()));
    } finally {
      channel.shutdownNow();
    }
  }

  @Test
  void shouldKnowThatARefusedConnectionCarriedNothing() throws IOException {
    int port;
    try (ServerSocket socket = new ServerSocket(0)) {
      port = socket.getLocalPort();
    }
    assertThat(Verdict.of(locate("127.0.0.1:" + port, 30_000))).isEqualTo(Verdict.UNREACHED);
  }

  @Test
  void shouldKnowThatACallWhoseTimeWasOverBeforeItBeganWasNeverSent() {
    assertThat(Verdict.of(locate("127.0.0.1:1", -5))).isEqualTo(Verdict.UNREACHED);
  }

  @Test
  void shouldKnowThatACallWithoutAConnectionWasNeverSent() throws IOException {
    // Takes connections and says nothing: HTTP/2 never begins.
    try (ServerSocket mute = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
      Throwable failure = locate("127.0.0.1:" + mute.getLocalPort(), 300);
      assertThat(Status.fromThrowable(failure).getCode()).isEqualTo(Code.DEADLINE_EXCEEDED);
      assertThat(Verdict.of(failure)).as(failure.toString()).isEqualTo(Verdict.UNREACHED);
    }
  }
}
