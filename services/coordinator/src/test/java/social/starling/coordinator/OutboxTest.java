package social.starling.coordinator;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Status;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class OutboxTest {

  private final TestStream<String> stream = new TestStream<>();
  private final Outbox<String> outbox = new Outbox<>(stream, 3);

  @Test
  void shouldPassOnAtOnceWhatAPeerReads() {
    outbox.send("a");
    outbox.send("b");
    assertThat(stream.sent).containsExactly("a", "b");
  }

  @Test
  void shouldKeepTheOrderWhenAPeerReadsAgain() {
    stream.reads = false;
    outbox.send("a");
    outbox.send("b");
    outbox.sendIfIdle("beat");
    assertThat(stream.sent).isEmpty();
    stream.reads = true;
    outbox.send("c");
    assertThat(stream.sent).isEmpty();
    stream.read();
    assertThat(stream.sent).containsExactly("a", "b", "c");
    outbox.sendIfIdle("beat");
    assertThat(stream.sent).endsWith("beat");
  }

  @Test
  void shouldCutAPeerThatLetsTooMuchGather() {
    stream.reads = false;
    for (int i = 0; i < 3; i++) {
      outbox.send("m" + i);
    }
    assertThat(stream.error).isNull();
    outbox.send("one more");
    assertThat(stream.code()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
    assertThat(outbox.isClosed()).isTrue();
    stream.read();
    outbox.send("late");
    assertThat(stream.sent).isEmpty();
  }

  @Test
  void shouldKeepOnlyTheNewestOfWhatReplacesTheRest() {
    stream.reads = false;
    for (int i = 0; i < 100; i++) {
      outbox.sendInstead("map" + i);
    }
    stream.read();
    assertThat(stream.sent).containsExactly("map99");
    assertThat(stream.error).isNull();
  }

  @Test
  void shouldCutAPeerThatReadsNothingForTooLongHoweverMuchIsNew() {
    long begun = System.nanoTime();
    stream.reads = false;
    outbox.sendInstead("one");
    outbox.cutIfSlow(begun + Duration.ofSeconds(5).toNanos(), Duration.ofSeconds(10).toNanos());
    assertThat(stream.error).isNull();
    outbox.sendInstead("two");
    outbox.cutIfSlow(begun + Duration.ofSeconds(30).toNanos(), Duration.ofSeconds(10).toNanos());
    assertThat(stream.code()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
  }

  @Test
  void shouldEndOnceOnly() {
    outbox.complete();
    outbox.close(Status.ABORTED.asRuntimeException());
    outbox.send("late");
    assertThat(stream.completed).isTrue();
    assertThat(stream.error).isNull();
    assertThat(stream.sent).isEmpty();
  }

  @Test
  void shouldSendNothingToAPeerThatHasGone() {
    stream.cancelled = true;
    outbox.send("a");
    assertThat(stream.sent).isEmpty();
    assertThat(outbox.isClosed()).isTrue();
  }
}
