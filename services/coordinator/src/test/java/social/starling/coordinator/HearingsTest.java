package social.starling.coordinator;

import static org.assertj.core.api.Assertions.assertThat;
import static social.starling.proto.coordinator.v1.Hearing.HEARD;
import static social.starling.proto.coordinator.v1.Hearing.HEARING_UNSPECIFIED;
import static social.starling.proto.coordinator.v1.Hearing.LOST;
import static social.starling.proto.coordinator.v1.Hearing.SUSPECTED;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import social.starling.proto.coordinator.v1.Hearing;

class HearingsTest {

  private static final MemberKey MEMBER = new MemberKey("alpha", "alpha-1");
  private static final MemberKey OTHER = new MemberKey("alpha", "alpha-2");
  private static final long START = Duration.ofHours(-1).toNanos();

  private final Hearings hearings = new Hearings(Duration.ofSeconds(1), START);
  private final List<String> story = new ArrayList<>();
  private long now = START;

  @BeforeEach
  void expectBoth() {
    hearings.expect(MEMBER, now);
    hearings.expect(OTHER, now);
  }

  @Test
  void shouldSuspectNobodyBeforeItHasListenedForTheTimeout() {
    pass(999);
    assertThat(story).isEmpty();
    assertThat(hearings.of(MEMBER)).isEqualTo(HEARING_UNSPECIFIED);
    pass(1);
    assertThat(hearings.of(MEMBER)).isEqualTo(SUSPECTED);
    pass(2000);
    assertThat(hearings.of(MEMBER)).isEqualTo(LOST);
  }

  @Test
  void shouldCountTheSilenceOfANewMemberFromItsRecording() {
    MemberKey late = new MemberKey("beta", "beta-1");
    pass(900);
    hearings.expect(late, now);
    pass(999);
    assertThat(hearings.of(late)).isEqualTo(HEARING_UNSPECIFIED);
    hearings.expect(late, now);
    pass(1);
    assertThat(hearings.of(late)).isEqualTo(SUSPECTED);
  }

  @Test
  void shouldHearAMemberAsLongAsItsHeartbeatsCome() {
    for (int beat = 0; beat < 100; beat++) {
      hear(MEMBER);
      hear(OTHER);
      pass(100);
    }
    assertThat(story).containsExactly("0 alpha-1 HEARD", "0 alpha-2 HEARD");
  }

  @Test
  void shouldSuspectAfterTheTimeoutAndGiveUpAfterThreeSeconds() {
    hear(MEMBER);
    hear(OTHER);
    for (int beat = 0; beat < 40; beat++) {
      pass(100);
      hear(OTHER);
    }
    hear(MEMBER);
    assertThat(story)
        .containsExactly(
            "0 alpha-1 HEARD",
            "0 alpha-2 HEARD",
            "1000 alpha-1 SUSPECTED",
            "3000 alpha-1 LOST",
            "4000 alpha-1 HEARD");
  }

  @Test
  void shouldSuspectAtOnceWhenTheSessionBreaks() {
    hear(MEMBER);
    pass(50);
    tell(hearings.broken(MEMBER, now));
    pass(2949);
    assertThat(hearings.of(MEMBER)).isEqualTo(SUSPECTED);
    pass(1);
    assertThat(hearings.of(MEMBER)).isEqualTo(LOST);
    assertThat(story)
        .startsWith("0 alpha-1 HEARD", "50 alpha-1 SUSPECTED")
        .contains("3000 alpha-1 LOST");
  }

  @Test
  void shouldHearAgainWhenANewSessionOpens() {
    hear(MEMBER);
    tell(hearings.broken(MEMBER, now));
    pass(10);
    hear(MEMBER);
    assertThat(story).containsExactly("0 alpha-1 HEARD", "0 alpha-1 SUSPECTED", "10 alpha-1 HEARD");
  }

  @Test
  void shouldExcuseTheSilenceThatItSleptThrough() {
    hear(MEMBER);
    hear(OTHER);
    stop(5000);
    tell(hearings.tick(now));
    assertThat(hearings.of(MEMBER)).isEqualTo(HEARD);
    hear(OTHER);
    pass(999);
    assertThat(hearings.of(MEMBER)).isEqualTo(HEARD);
    pass(1);
    assertThat(hearings.of(MEMBER)).isEqualTo(SUSPECTED);
  }

  @Test
  void shouldNotGiveUpAMemberWhoseSessionBrokeWhileItSlept() {
    hear(MEMBER);
    pass(100);
    stop(5000);
    tell(hearings.broken(MEMBER, now));
    assertThat(hearings.of(MEMBER)).isEqualTo(SUSPECTED);
  }

  @Test
  void shouldExcuseAllWhenAHeartbeatOfOneComesFirstAfterTheSleep() {
    hear(MEMBER);
    hear(OTHER);
    stop(5000);
    hear(OTHER);
    tell(hearings.tick(now));
    assertThat(hearings.of(MEMBER)).isEqualTo(HEARD);
  }

  @Test
  void shouldLeaveLostWhomItHadLostBeforeItSlept() {
    hear(MEMBER);
    pass(3000);
    stop(5000);
    tell(hearings.tick(now));
    assertThat(hearings.of(MEMBER)).isEqualTo(LOST);
  }

  @Test
  void shouldTellHowLongNothingCanChange() {
    hear(MEMBER);
    pass(400);
    hear(OTHER);
    assertThat(hearings.nanosToNextChange(now)).isEqualTo(Duration.ofMillis(600).toNanos());
    pass(600);
    assertThat(hearings.nanosToNextChange(now)).isEqualTo(Duration.ofMillis(400).toNanos());
    pass(400);
    assertThat(hearings.nanosToNextChange(now)).isEqualTo(Duration.ofMillis(1600).toNanos());
    pass(10_000);
    assertThat(hearings.nanosToNextChange(now)).isEqualTo(Long.MAX_VALUE);
  }

  @Test
  void shouldForgetAndIgnoreWhoIsNotExpected() {
    hear(MEMBER);
    hearings.forget(MEMBER);
    assertThat(hearings.heard(MEMBER, now)).isEmpty();
    assertThat(hearings.broken(MEMBER, now)).isEmpty();
    assertThat(hearings.of(MEMBER)).isEqualTo(HEARING_UNSPECIFIED);
    assertThat(hearings.nanosSinceHeard(MEMBER, now)).isEqualTo(-1);
  }

  @Test
  void shouldTellSinceWhenAMemberIsSilent() {
    assertThat(hearings.nanosSinceHeard(MEMBER, now)).isEqualTo(-1);
    hear(MEMBER);
    pass(70);
    assertThat(hearings.nanosSinceHeard(MEMBER, now)).isEqualTo(Duration.ofMillis(70).toNanos());
  }

  private void hear(MemberKey member) {
    tell(hearings.heard(member, now));
  }

  /** Lets time pass while the coordinator works, a millisecond at a time. */
  private void pass(int millis) {
    for (int i = 0; i < millis; i++) {
      stop(1);
      tell(hearings.tick(now));
    }
  }

  /** Lets time pass while the coordinator stands still. */
  private void stop(int millis) {
    now += Duration.ofMillis(millis).toNanos();
  }

  private void tell(List<Hearings.Change> changes) {
    for (Hearings.Change change : changes) {
      Hearing hearing = change.hearing();
      story.add(
          Duration.ofNanos(now - START).toMillis()
              + " "
              + change.member().member()
              + " "
              + hearing);
    }
  }
}
