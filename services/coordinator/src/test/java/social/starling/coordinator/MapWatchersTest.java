package social.starling.coordinator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import social.starling.proto.coordinator.v1.ClusterMap;

class MapWatchersTest {

  private final AtomicInteger built = new AtomicInteger();
  private final MapWatchers watchers = new MapWatchers(this::build, 1_000);

  @Test
  void shouldBuildAMapOncePerChangeHoweverManyWatch() {
    List<TestStream<ClusterMap>> streams = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      TestStream<ClusterMap> stream = new TestStream<>();
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
    for (int i = 0; i < MapWatchers.MAX_WATCHERS; i++) {
      Outbox<ClusterMap> outbox = new Outbox<>(new TestStream<ClusterMap>(), 1);
      all.add(outbox);
      watchers.add(outbox);
    }
    assertThatThrownBy(() -> watchers.add(new Outbox<>(new TestStream<ClusterMap>(), 1)))
        .isInstanceOfSatisfying(
            Refusal.class, e -> assertThat(e.kind()).isEqualTo(Refusal.Kind.EXHAUSTED));
    watchers.remove(all.getFirst());
    watchers.add(new Outbox<>(new TestStream<ClusterMap>(), 1));
    assertThat(watchers.count()).isEqualTo(MapWatchers.MAX_WATCHERS);
  }

  @Test
  void shouldEndEveryStreamWhenItCloses() {
    TestStream<ClusterMap> stream = new TestStream<>();
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
