package social.starling.server.member;

import java.util.concurrent.TimeUnit;
import social.starling.replication.Configuration;
import social.starling.replication.Role;
import social.starling.replication.Status;

/**
 * What a member does about a volume of which a part cannot be read any more:
 *
 * <ol>
 *   <li>as the only member in sync it goes on: what it has is all there is;
 *   <li>as master it hands over to a slave in sync;
 *   <li>as slave it leaves the in-sync set;
 *   <li>when a newer configuration without it is known, and the master of it is heard, it gives its
 *       volume up and takes a full copy. Without a newer one it waits for so long that a master
 *       that had counted it already, and asked for that, would have taken it out again;
 *   <li>when the master is lost before that, it starts again: then it may have to take over.
 * </ol>
 *
 * <p>Replica thread only. Times in nanoseconds.
 */
final class DamagedVolume {

  /** What is to be done now. */
  enum Step {
    NOTHING,
    HAND_OVER,
    LEAVE,
    /** Mark the volume to be discarded and end the process. */
    DISCARD,
    /** End the process and nothing else. */
    RESTART
  }

  private static final long AGAIN = TimeUnit.SECONDS.toNanos(3);
  private static final long PATIENCE = TimeUnit.SECONDS.toNanos(10);

  /** In silences. */
  private static final int UNASKED = 5;

  private final String self;
  private final long silenceMillis;
  private long handedOverAt;
  private boolean everHandedOver;
  private long leftAt;
  private long leftIn;
  private boolean left;

  DamagedVolume(String self, long silenceMillis) {
    this.self = self;
    this.silenceMillis = silenceMillis;
  }

  /**
   * @param coordinated a coordinator is connected, without which a handover stops everything
   */
  Step next(Status seen, boolean coordinated, long now) {
    Configuration known = seen.configuration();
    if (seen.role() == Role.OPEN) {
      boolean inSync = known.inSync().size() > 1;
      boolean again = !everHandedOver || now - handedOverAt > AGAIN;
      if (!inSync || !coordinated || !again) {
        return Step.NOTHING;
      }
      everHandedOver = true;
      handedOverAt = now;
      return Step.HAND_OVER;
    }
    if (seen.role() != Role.FOLLOWER) {
      return Step.NOTHING;
    }
    boolean current = known.epoch() > 0 && known.epoch() == seen.knownEpoch();
    boolean masterHeard =
        current && !known.master().equals(self) && seen.behindMillis() < silenceMillis;
    if (left) {
      boolean lost = seen.behindMillis() > 2 * silenceMillis || now - leftAt > PATIENCE;
      boolean unasked = now - leftAt > TimeUnit.MILLISECONDS.toNanos(UNASKED * silenceMillis);
      boolean settled = known.epoch() > leftIn || coordinated && unasked;
      return masterHeard && settled && !known.inSync().containsKey(self)
          ? Step.DISCARD
          : lost ? Step.RESTART : Step.NOTHING;
    }
    if (!masterHeard) {
      return Step.NOTHING;
    }
    left = true;
    leftAt = now;
    leftIn = known.epoch();
    return Step.LEAVE;
  }
}
