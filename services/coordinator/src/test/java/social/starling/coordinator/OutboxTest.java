package social.starling.coordinator;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Status;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class OutboxTest {

  private final TestStream<String> stream = new TestStream<>();
  private long now = 1;
  private final Outbox<String> outbox = new Outbox<>(stream, 3, () -> now);

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
    stream.reads = false;
    outbox.sendInstead("one");
    for (int second = 1; second <= 10; second++) {
      now += Duration.ofSeconds(1).toNanos();
      outbox.sendInstead("news " + second);
      outbox.cutIfSlow(now, Duration.ofSeconds(10).toNanos());
      assertThat(stream.error).isNull();
    }
    now++;
    outbox.cutIfSlow(now, Duration.ofSeconds(10).toNanos());
    assertThat(stream.code()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
  }

  @Test
  void shouldCountTheTimeAnewWhenThePeerHasRead() {
    stream.reads = false;
    outbox.send("one");
    now += Duration.ofSeconds(9).toNanos();
    stream.read();
    stream.reads = false;
    outbox.send("two");
    now += Duration.ofSeconds(9).toNanos();
    outbox.cutIfSlow(now, Duration.ofSeconds(10).toNanos());
    assertThat(stream.error).isNull();
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
