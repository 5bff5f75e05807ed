package social.starling.coordinator;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What every store does, whatever it keeps its documents in. */
abstract class StoreContract {

  static final String ALPHA = RecordedCluster.key("alpha");
  static final String BETA = RecordedCluster.key("beta");

  private final List<Store> opened = new ArrayList<>();

  /** A coordinator's store over the state that all of this test share; new and empty at first. */
  abstract Store open();

  /** How often many race each other. */
  int rounds() {
    return 40;
  }

  Store opened() {
    Store store = open();
    opened.add(store);
    return store;
  }

  @AfterEach
  void close() {
    opened.forEach(Store::close);
  }

  @Test
  void shouldBeEmptyAtFirst() {
    Store store = opened();
    assertThat(store.readAll()).isEmpty();
    assertThat(store.read(ALPHA)).isEmpty();
  }

  @Test
  void shouldInsertOnceAndThenReplaceOnlyTheVersionThatIsExpected() {
    Store store = opened();
    assertThat(store.compareAndSet(ALPHA, 0, bytes("one"))).isTrue();
    assertThat(store.compareAndSet(ALPHA, 0, bytes("again"))).isFalse();
    assertThat(store.compareAndSet(ALPHA, 2, bytes("early"))).isFalse();
    assertThat(store.compareAndSet(ALPHA, 1, bytes("two"))).isTrue();
    assertThat(store.compareAndSet(ALPHA, 1, bytes("late"))).isFalse();
    assertThat(store.compareAndSet(BETA, 1, bytes("absent"))).isFalse();
    assertDocument(store.read(ALPHA).orElseThrow(), 2, "two");
    assertThat(store.read(BETA)).isEmpty();
    assertThat(store.readAll()).singleElement().satisfies(d -> assertDocument(d, 2, "two"));
  }

  @Test
  void shouldKeepClustersAndSlotsApart() {
    Store store = opened();
    for (String key : List.of(SlotTable.KEY, RecordedCluster.key("slots"), ALPHA)) {
      assertThat(store.compareAndSet(key, 0, bytes(key))).isTrue();
    }
    assertThat(store.readAll())
        .allSatisfy(document -> assertDocument(document, 1, document.key()))
        .extracting(Document::key)
        .containsExactlyInAnyOrder(SlotTable.KEY, RecordedCluster.key("slots"), ALPHA);
  }

  @Test
  void shouldKeepAnyBytesAndNone() {
    Store store = opened();
    byte[] every = new byte[256];
    for (int i = 0; i < every.length; i++) {
      every[i] = (byte) i;
    }
    assertThat(store.compareAndSet(ALPHA, 0, every)).isTrue();
    assertThat(store.read(ALPHA).orElseThrow().content()).isEqualTo(every);
    assertThat(store.compareAndSet(ALPHA, 1, new byte[0])).isTrue();
    assertDocument(store.read(ALPHA).orElseThrow(), 2, "");
    assertThat(store.compareAndSet(ALPHA, 2, bytes("anew"))).isTrue();
    assertDocument(store.read(ALPHA).orElseThrow(), 3, "anew");
  }

  @Test
  void shouldSeeAtOnceWhatAnotherCoordinatorWrote() {
    Store one = opened();
    Store other = opened();
    one.compareAndSet(ALPHA, 0, bytes("one's"));
    assertDocument(other.read(ALPHA).orElseThrow(), 1, "one's");
    assertThat(other.compareAndSet(ALPHA, 1, bytes("other's"))).isTrue();
    assertThat(one.compareAndSet(ALPHA, 1, bytes("late"))).isFalse();
    assertDocument(one.read(ALPHA).orElseThrow(), 2, "other's");
    assertThat(one.compareAndSet(ALPHA, 2, bytes("in time"))).isTrue();
    assertThat(other.readAll()).singleElement().satisfies(d -> assertDocument(d, 3, "in time"));
  }

  @Test
  void shouldRefuseACoordinatorThatNeverReadWhatItReplaces() {
    Store one = opened();
    for (int version = 0; version < 3; version++) {
      one.compareAndSet(ALPHA, version, bytes("v" + (version + 1)));
    }
    Store fresh = opened();
    assertThat(fresh.compareAndSet(ALPHA, 2, bytes("stale"))).isFalse();
    assertThat(fresh.compareAndSet(ALPHA, 3, bytes("right"))).isTrue();
    assertDocument(one.read(ALPHA).orElseThrow(), 4, "right");
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 4})
  void shouldLetOneOfManyWin(int coordinators) throws InterruptedException {
    List<Store> stores = new ArrayList<>();
    for (int i = 0; i < coordinators; i++) {
      stores.add(opened());
    }
    stores.getFirst().compareAndSet(ALPHA, 0, bytes("start"));
    for (int version = 1; version <= rounds(); version++) {
      long expected = version;
      AtomicInteger winners = new AtomicInteger();
      CountDownLatch go = new CountDownLatch(1);
      List<Thread> threads = new ArrayList<>();
      for (int i = 0; i < 8; i++) {
        Store store = stores.get(i % coordinators);
        String name = "t" + i;
        threads.add(
            Thread.ofPlatform()
                .start(() -> {
                  awaitQuietly(go);
                  if (store.compareAndSet(ALPHA, expected, bytes(name))) {
                    winners.incrementAndGet();
                  }
                }));
      }
      go.countDown();
      for (Thread thread : threads) {
        thread.join();
      }
      assertThat(winners).hasValue(1);
      assertThat(stores.getFirst().read(ALPHA).orElseThrow().version()).isEqualTo(version + 1L);
    }
  }

  @Test
  void shouldWriteWhenProbedAndChangeNoDocument() {
    Store store = opened();
    store.compareAndSet(ALPHA, 0, bytes("x"));
    store.probe();
    assertThat(store.readAll()).singleElement().satisfies(d -> assertDocument(d, 1, "x"));
    assertThat(store.compareAndSet(ALPHA, 1, bytes("y"))).isTrue();
  }

  static void assertDocument(Document document, long version, String content) {
    assertThat(document.version()).isEqualTo(version);
    assertThat(new String(document.content(), StandardCharsets.UTF_8)).isEqualTo(content);
  }

  static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
