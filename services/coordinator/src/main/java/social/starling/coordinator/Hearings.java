package social.starling.coordinator;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import social.starling.proto.coordinator.v1.Hearing;

/**
 * What this coordinator hears of every member. Pure: the time is passed in, in nanoseconds of no
 * known origin that never decrease.
 *
 * <ol>
 *   <li>A member is <b>heard</b> from the moment its session opens, and at each heartbeat.
 *   <li>It is <b>suspected</b> at once when its session breaks, and when it has been silent for the
 *       timeout.
 *   <li>It is <b>lost</b> when it was not heard for 3 s.
 *   <li>Silence counts from the moment the member was expected first, so a coordinator that just
 *       started suspects nobody; until the timeout a member that was never heard is
 *       <b>unspecified</b>.
 *   <li>Silence does not count while this coordinator itself stood still (stopped, paused,
 *       starved): what arrived meanwhile has not been read. It stood still when {@link #tick} was
 *       not called for half the timeout.
 * </ol>
 *
 * <p>Not thread-safe.
 */
final class Hearings {

  /** Not heard for so long: its clients cannot reach it either. */
  static final Duration LOST_AFTER = Duration.ofSeconds(3);

  /** A member whose hearing changed. */
  record Change(MemberKey member, Hearing hearing) {}

  private static final class Heard {
    long at;
    boolean ever;
    boolean broken;
    Hearing last = Hearing.HEARING_UNSPECIFIED;
  }

  private final long silenceNanos;
  private final long lostNanos;
  private final Map<MemberKey, Heard> members =
      new TreeMap<>(Comparator.comparing(MemberKey::cluster).thenComparing(MemberKey::member));
  private long lastTick;

  /**
   * @param silence timeout after which a silent member is suspected
   * @param now when this coordinator started
   */
  Hearings(Duration silence, long now) {
    silenceNanos = silence.toNanos();
    lostNanos = Math.max(LOST_AFTER.toNanos(), silenceNanos);
    lastTick = now;
  }

  /** A recorded member is to be heard from now on. No effect when it is expected already. */
  void expect(MemberKey member, long now) {
    members.computeIfAbsent(
        member,
        key -> {
          Heard heard = new Heard();
          heard.at = now;
          return heard;
        });
  }

  void forget(MemberKey member) {
    members.remove(member);
  }

  /** The member's session opened, or a heartbeat came on it. */
  List<Change> heard(MemberKey member, long now) {
    excuseStandstill(now);
    Heard heard = members.get(member);
    if (heard == null) {
      return List.of();
    }
    heard.at = Math.max(heard.at, now);
    heard.ever = true;
    heard.broken = false;
    return changes(member, heard, now);
  }

  /** The member's session broke, or its process was seen dead. */
  List<Change> broken(MemberKey member, long now) {
    excuseStandstill(now);
    Heard heard = members.get(member);
    if (heard == null) {
      return List.of();
    }
    heard.broken = true;
    return changes(member, heard, now);
  }

  /** Finds who has been silent for too long. To be called at least every half timeout. */
  List<Change> tick(long now) {
    excuseStandstill(now);
    lastTick = now;
    List<Change> changes = new ArrayList<>();
    members.forEach((member, heard) -> changes.addAll(changes(member, heard, now)));
    return changes;
  }

  /** Nanoseconds until the next change, if nothing is heard meanwhile; never negative. */
  long nanosToNextChange(long now) {
    long nearest = Long.MAX_VALUE;
    for (Heard heard : members.values()) {
      long silent = now - heard.at;
      switch (heard.last) {
        case LOST -> {}
        case SUSPECTED -> nearest = Math.min(nearest, lostNanos - silent);
        default -> nearest = Math.min(nearest, silenceNanos - silent);
      }
    }
    return Math.max(0, nearest);
  }

  /** What was last found of a member; unspecified for one that is not expected. */
  Hearing of(MemberKey member) {
    Heard heard = members.get(member);
    return heard == null ? Hearing.HEARING_UNSPECIFIED : heard.last;
  }

  /** Nanoseconds since the member was heard; −1 when it never was. */
  long nanosSinceHeard(MemberKey member, long now) {
    Heard heard = members.get(member);
    return heard == null || !heard.ever ? -1 : now - heard.at;
  }

  private void excuseStandstill(long now) {
    long still = now - lastTick;
    if (still <= silenceNanos / 2) {
      return;
    }
    lastTick = now;
    for (Heard heard : members.values()) {
      heard.at += Math.clamp(now - heard.at, 0, still);
    }
  }

  private List<Change> changes(MemberKey member, Heard heard, long now) {
    Hearing hearing = judge(heard, now);
    if (hearing == heard.last) {
      return List.of();
    }
    heard.last = hearing;
    return List.of(new Change(member, hearing));
  }

  private Hearing judge(Heard heard, long now) {
    long silent = now - heard.at;
    if (silent >= lostNanos) {
      return Hearing.LOST;
    }
    if (heard.broken || silent >= silenceNanos) {
      return Hearing.SUSPECTED;
    }
    return heard.ever ? Hearing.HEARD : Hearing.HEARING_UNSPECIFIED;
  }
}
