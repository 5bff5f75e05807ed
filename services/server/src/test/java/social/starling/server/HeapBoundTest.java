package social.starling.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class HeapBoundTest {

  private static final long FLOOR = 100;

  private long live;
  private long dropped;
  private int collections;
  private Duration time = Duration.ZERO;
  private final HeapBound bound =
      new HeapBound(() -> live + dropped, this::collect, FLOOR, () -> time.toNanos());

  @Test
  void shouldLeaveASmallHeapAlone() {
    live = 60;
    dropped = 40;

    bound.look();

    assertThat(collections).isZero();
  }

  @Test
  void shouldCollectWhenTheFloorIsPassed() {
    live = 20;
    dropped = 81;

    bound.look();
    bound.look();

    assertThat(collections).isEqualTo(1);
  }

  @Test
  void shouldLetTheDroppedGrowToHalfOfWhatLives() {
    live = 400;
    bound.look();
    collections = 0;

    dropped = 200;
    bound.look();
    assertThat(collections).isZero();

    dropped = 201;
    bound.look();
    assertThat(collections).isEqualTo(1);
  }

  @Test
  void shouldComeBackToTheFloorWhenWhatLivedIsGone() {
    live = 400;
    bound.look();
    live = 30;
    dropped = 1_000;
    bound.look();
    collections = 0;

    dropped = 70;
    bound.look();
    assertThat(collections).isZero();

    dropped = 71;
    bound.look();
    assertThat(collections).isEqualTo(1);
  }

  @Test
  void shouldGiveBackWhatABusyTimeTookWhenTheLastCollectionIsLongAgo() {
    live = 80;
    dropped = 30;
    bound.look();
    collections = 0;

    dropped = 11;
    time = time.plusSeconds(299);
    bound.look();
    assertThat(collections).isZero();

    time = time.plusMinutes(1);
    bound.look();
    bound.look();
    assertThat(collections).isEqualTo(1);
  }

  @Test
  void shouldNotStandStillForLongToGiveBackALittle() {
    live = 300L << 20;
    bound.look();
    collections = 0;

    dropped = 100L << 20;
    time = time.plusHours(1);
    bound.look();
    assertThat(collections).isZero();
  }

  @Test
  void shouldNotCollectAgainAndAgainWhatLives() {
    live = 80;
    dropped = 30;
    bound.look();
    collections = 0;

    dropped = 10;
    time = time.plusHours(1);
    bound.look();
    assertThat(collections).isZero();
  }

  @Test
  void shouldFindTheOldGenerationOfTheSerialCollector() {
    // The tests run with it, as servers do.
    assertThat(HeapBound.ofThisProcess()).isPresent();
  }

  private void collect() {
    collections++;
    dropped = 0;
  }
}
