package social.starling.bench.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class ScheduleTest {

  @Test
  void shouldSpaceOperationsEvenlyFromTheStart() {
    Schedule schedule = new Schedule(1_000, 4, TimeUnit.SECONDS.toNanos(1));

    List<Long> due = new ArrayList<>();
    while (!schedule.isOver()) {
      due.add(schedule.take());
    }

    assertThat(due).containsExactly(1_000L, 250_001_000L, 500_001_000L, 750_001_000L);
  }

  @Test
  void shouldNotDriftAtARateThatDividesNoSecond() {
    Schedule schedule = new Schedule(0, 3_000, TimeUnit.SECONDS.toNanos(60));

    long count = 0;
    long last = 0;
    while (!schedule.isOver()) {
      last = schedule.take();
      count++;
    }

    assertThat(count).isEqualTo(180_000);
    assertThat(last).isBetween(59_999_600_000L, 59_999_700_000L);
  }

  @Test
  void shouldGiveTheIntendedTimeHoweverLateItIsTaken() {
    Schedule schedule = new Schedule(0, 1_000, TimeUnit.SECONDS.toNanos(1));

    schedule.take();
    long secondWhicheverTimeItIsNow = schedule.take();

    assertThat(secondWhicheverTimeItIsNow).isEqualTo(TimeUnit.MILLISECONDS.toNanos(1));
  }

  @Test
  void shouldRefuseNoRateAndNoTime() {
    assertThatThrownBy(() -> new Schedule(0, 0, 1)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new Schedule(0, 1, 0)).isInstanceOf(IllegalArgumentException.class);
  }
}
