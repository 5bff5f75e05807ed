package social.starling.coordinator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.grpc.stub.ServerCallStreamObserver;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import social.starling.proto.coordinator.v1.ClusterMap;

class MapWatchersTest {

  private static final class Stream extends ServerCallStreamObserver<ClusterMap> {
    final List<ClusterMap> sent = new ArrayList<>();
    boolean completed;

    @Override
    public boolean isReady() {
      return true;
    }

    @Override
    public boolean isCancelled() {
      return false;
    }

    @Override
    public void onNext(ClusterMap map) {
      sent.add(map);
    }

    @Override
    public void onError(Throwable failure) {}

    @Override
    public void onCompleted() {
      completed = true;
    }

    @Override
    public void setOnReadyHandler(Runnable handler) {}

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

  private final AtomicInteger built = new AtomicInteger();
  private final MapWatchers watchers = new MapWatchers(this::build, 1_000);

  @Test
  void shouldBuildAMapOncePerChangeHoweverManyWatch() {
    List<Stream> streams = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      Stream stream = new Stream();
      streams.add(stream);
      watchers.add(new Outbox<>(stream, 1));
    }
    watchers.changed();
    watchers.changed();
    watchers.beat(System.nanoTime());
    assertThat(built).hasValue(3);
    assertThat(streams)
        .allSatisfy(stream -> {
          assertThat(stream.sent).hasSize(4);
          assertThat(stream.sent).extracting(ClusterMap::getVersion).isSorted();
          assertThat(stream.sent.get(2)).isEqualTo(stream.sent.get(3));
        });
  }

  @Test
  void shouldCountVersionsUpwardsFromOneProcessToTheNext() {
    for (int i = 0; i < 1000; i++) {
      watchers.changed();
    }
    MapWatchers next = new MapWatchers(this::build, 1_001);
    assertThat(next.current().getVersion()).isGreaterThan(watchers.current().getVersion());
  }

  @Test
  void shouldRefuseMoreWatchersThanItsBound() {
    List<Outbox<ClusterMap>> all = new ArrayList<>();
    for (int i = 0; i < 256; i++) {
      Outbox<ClusterMap> outbox = new Outbox<>(new Stream(), 1);
      all.add(outbox);
      watchers.add(outbox);
    }
    assertThatThrownBy(() -> watchers.add(new Outbox<>(new Stream(), 1)))
        .isInstanceOfSatisfying(
            Refusal.class, e -> assertThat(e.kind()).isEqualTo(Refusal.Kind.EXHAUSTED));
    watchers.remove(all.getFirst());
    watchers.add(new Outbox<>(new Stream(), 1));
    assertThat(watchers.count()).isEqualTo(256);
  }

  @Test
  void shouldEndEveryStreamWhenItCloses() {
    Stream stream = new Stream();
    watchers.add(new Outbox<>(stream, 1));
    watchers.close();
    watchers.changed();
    assertThat(stream.completed).isTrue();
    assertThat(stream.sent).hasSize(1);
  }

  private ClusterMap build(long version) {
    built.incrementAndGet();
    return ClusterMap.newBuilder().setVersion(version).build();
  }
}
