package social.starling.client;

import static org.assertj.core.api.Assertions.assertThat;
import static social.starling.client.Patience.await;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import social.starling.proto.sns.v1.WriteId;

@Timeout(60)
class WriteIdsTest {

  private Instant now = Instant.parse("2026-11-22T00:00:00Z");
  private final InstantSource clock = () -> now;
  private final WriteIds ids = new WriteIds(clock, new Random(1));

  @Test
  void shouldCountFromOneUnderANameThatSaysWhenItWasMade() throws Exception {
    WriteId first = ids.next();
    assertThat(first.getClient()).matches("1795305600000-[A-Za-z0-9]{16}");
    assertThat(first.getSequence()).isEqualTo(1);
    assertThat(ids.next().getSequence()).isEqualTo(2);
    assertThat(new WriteIds(clock, new Random(2)).next().getClient())
        .isNotEqualTo(first.getClient());
  }

  @Test
  void shouldConfirmOnlyBelowTheOldestUnanswered() throws Exception {
    WriteId one = ids.next();
    WriteId two = ids.next();
    WriteId three = ids.next();
    ids.settled(three);
    assertThat(ids.next().getConfirmed()).isZero();
    ids.settled(one);
    assertThat(ids.next().getConfirmed()).isEqualTo(1);
    ids.settled(two);
    assertThat(ids.next().getConfirmed()).isEqualTo(3);
  }

  @Test
  void shouldBeginAnewAfterALongPause() throws Exception {
    WriteId first = ids.next();
    ids.settled(first);
    now = now.plus(WriteIds.IDLE);
    assertThat(ids.next().getClient()).isEqualTo(first.getClient());
    now = now.plus(WriteIds.IDLE).plusMillis(1);
    // The second is unanswered: its id must stay good.
    assertThat(ids.next().getClient()).isEqualTo(first.getClient());
  }

  @Test
  void shouldTakeANewNameWhenNothingIsUnderWay() throws Exception {
    WriteId first = ids.next();
    ids.settled(first);
    now = now.plus(WriteIds.IDLE).plusMillis(1);
    WriteId later = ids.next();
    assertThat(later.getClient()).isNotEqualTo(first.getClient());
    assertThat(later.getSequence()).isEqualTo(1);
    assertThat(later.getConfirmed()).isZero();
  }

  @Test
  void shouldNeverLeaveASessionThatTheCallerKeeps() throws Exception {
    WriteIds kept = new WriteIds("1795305600000-kept", 41, clock);
    WriteId next = kept.next();
    assertThat(next.getSequence()).isEqualTo(42);
    assertThat(next.getConfirmed()).isEqualTo(41);
    kept.settled(next);
    now = now.plus(Duration.ofDays(1));
    assertThat(kept.expired(next)).isFalse();
    assertThat(kept.next().getClient()).isEqualTo("1795305600000-kept");
  }

  @Test
  void shouldWaitRatherThanRunAwayFromAnUnansweredWrite() throws Exception {
    List<WriteId> begun = new ArrayList<>();
    for (int i = 0; i < WriteIds.WINDOW; i++) {
      begun.add(ids.next());
    }
    begun.subList(1, begun.size()).forEach(ids::settled);
    AtomicReference<WriteId> next = new AtomicReference<>();
    Thread waiting =
        Thread.ofPlatform()
            .start(() -> {
              try {
                next.set(ids.next());
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            });
    await().until(() -> waiting.getState() == Thread.State.WAITING);
    assertThat(next.get()).isNull();
    ids.settled(begun.getFirst());
    waiting.join();
    assertThat(next.get().getSequence()).isEqualTo(WriteIds.WINDOW + 1);
    assertThat(next.get().getConfirmed()).isEqualTo(WriteIds.WINDOW);
  }
}
