package social.starling.common;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import java.util.Map;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import social.starling.proto.sns.v1.Reason;
import social.starling.proto.sns.v1.WriteId;

class LimitsTest {

  @ParameterizedTest
  @ValueSource(strings = {"a", "Z_9", "123456789012345678901234567890"})
  void namesWithinTheLimitsPass(String name) {
    assertThat(Limits.checkName(name)).isEqualTo(name);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "1234567890123456789012345678901", "a b", "ä", "a-b", "a\n", "../x"})
  void otherNamesAreRefused(String name) {
    refused(() -> Limits.checkName(name), Reason.INVALID_NAME);
  }

  @Test
  void aHostileNameIsNotEchoedWhole() {
    assertThatThrownBy(() -> Limits.checkName("\u001b[2J" + "x".repeat(10_000)))
        .satisfies(e -> assertThat(e.getMessage()).hasSizeLessThan(200).doesNotContain("\u001b"));
  }

  @Test
  void textsAreMeasuredInBytesOfUtf8() {
    Limits.checkText("x");
    Limits.checkText("x".repeat(5000));
    Limits.checkText("ä".repeat(2500));
    Limits.checkText("€".repeat(1666));
    Limits.checkText("😀".repeat(1250));
    Limits.checkText("two\nlines");
    refused(() -> Limits.checkText(""), Reason.INVALID_TEXT);
    refused(() -> Limits.checkText("x".repeat(5001)), Reason.INVALID_TEXT);
    refused(() -> Limits.checkText("ä".repeat(2501)), Reason.INVALID_TEXT);
    refused(() -> Limits.checkText("€".repeat(1667)), Reason.INVALID_TEXT);
    refused(() -> Limits.checkText("😀".repeat(1251)), Reason.INVALID_TEXT);
    refused(() -> Limits.checkText("\ud83d"), Reason.INVALID_TEXT);
    refused(() -> Limits.checkText("\ude00\ud83d"), Reason.INVALID_TEXT);
  }

  @Test
  void writesMustBeNamed() {
    Limits.checkWriteId(write("c-1_Z", 1, 0));
    Limits.checkWriteId(write("c".repeat(64), Long.MAX_VALUE, 5));
    refused(() -> Limits.checkWriteId(WriteId.getDefaultInstance()), Reason.INVALID_REQUEST);
    refused(() -> Limits.checkWriteId(write("c".repeat(65), 1, 0)), Reason.INVALID_REQUEST);
    refused(() -> Limits.checkWriteId(write("c d", 1, 0)), Reason.INVALID_REQUEST);
    refused(() -> Limits.checkWriteId(write("c", 0, 0)), Reason.INVALID_REQUEST);
    refused(() -> Limits.checkWriteId(write("c", -1, 0)), Reason.INVALID_REQUEST);
    refused(() -> Limits.checkWriteId(write("c", 2, 2)), Reason.INVALID_REQUEST);
    refused(() -> Limits.checkWriteId(write("c", 2, -1)), Reason.INVALID_REQUEST);
  }

  @Test
  void errorsCarryReasonAndMetadata() {
    StatusRuntimeException error =
        Errors.of(
            Code.FAILED_PRECONDITION,
            Reason.NOT_MASTER,
            "ask the master",
            Map.of("cluster", "alpha", "epoch", "7"));
    assertThat(error.getStatus().getCode()).isEqualTo(Code.FAILED_PRECONDITION);
    assertThat(error.getStatus().getDescription()).isEqualTo("ask the master");
    assertThat(Errors.reason(error)).contains(Reason.NOT_MASTER);
    assertThat(Errors.metadata(error))
        .containsEntry("cluster", "alpha")
        .containsEntry("epoch", "7");
    assertThat(Errors.reason(new RuntimeException("no status"))).isEmpty();
    assertThat(Errors.reason(io.grpc.Status.UNAVAILABLE.asRuntimeException())).isEmpty();
    assertThat(Errors.metadata(new RuntimeException("no status"))).isEmpty();
  }

  private static WriteId write(String client, long sequence, long confirmed) {
    return WriteId.newBuilder()
        .setClient(client)
        .setSequence(sequence)
        .setConfirmed(confirmed)
        .build();
  }

  private static void refused(ThrowingCallable call, Reason reason) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            StatusRuntimeException.class,
            e -> {
              assertThat(e.getStatus().getCode()).isEqualTo(Code.INVALID_ARGUMENT);
              assertThat(e.getStatus().getDescription()).isNotBlank();
              assertThat(Errors.reason(e)).contains(reason);
            });
  }
}
