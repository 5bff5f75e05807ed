package social.starling.coordinator;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class OutboxTest {

  /** A stream whose peer reads only when told. */
  private static final class Stream extends ServerCallStreamObserver<String> {
    final List<String> sent = new ArrayList<>();
    boolean reads = true;
    boolean cancelled;
    Throwable error;
    boolean completed;
    Runnable onReady;

    @Override
    public boolean isReady() {
      return reads;
    }

    @Override
    public boolean isCancelled() {
      return cancelled;
    }

    @Override
    public void onNext(String value) {
      sent.add(value);
    }

    @Override
    public void onError(Throwable failure) {
      error = failure;
    }

    @Override
    public void onCompleted() {
      completed = true;
    }

    @Override
    public void setOnReadyHandler(Runnable handler) {
      onReady = handler;
    }

    @Override
    public void setOnCancelHandler(Runnable handler) {}

    @Override
    public void setCompression(String compression) {}

    @Override
    public void disableAutoInboundFlowControl() {}

    @Override
    public void request(int count) {}

    @Override
    public void setMessageCompression(boolean enable) {}
  }

  private final Stream stream = new Stream();
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
    stream.onReady.run();
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
    assertThat(Status.fromThrowable(stream.error).getCode())
        .isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
    assertThat(outbox.isClosed()).isTrue();
    stream.reads = true;
    stream.onReady.run();
    outbox.send("late");
    assertThat(stream.sent).isEmpty();
  }

  @Test
  void shouldKeepOnlyTheNewestOfWhatReplacesTheRest() {
    stream.reads = false;
    for (int i = 0; i < 100; i++) {
      outbox.sendInstead("map" + i);
    }
    stream.reads = true;
    stream.onReady.run();
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
    assertThat(Status.fromThrowable(stream.error).getCode())
        .isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
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
