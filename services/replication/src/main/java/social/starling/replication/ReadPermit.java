package social.starling.replication;

/**
 * Whether a read that has been made may be answered (rule 6). Written by the replica's thread, read
 * by any.
 *
 * <p>Take the time, read the state, then check with that time. The check comes <em>after</em> the
 * read, so that a pause between the two does no harm, and the time from <em>before</em> it, so that
 * a state that was read while this member only followed is not answered when it has opened
 * meanwhile. The read takes effect at that time.
 */
public final class ReadPermit {

  /** What a reader should do. */
  public enum Answer {
    /** Answer the read. */
    YES,
    /**
     * This member is open, but the slave has not acknowledged lately, or it opened after the state
     * was read: wait a moment, then read again.
     */
    WAIT,
    /** This member does not serve. */
    NO
  }

  /**
   * One consistent view.
   *
   * @param open whether this member serves at all
   * @param alone nobody else is counted, so nobody else can be promoted
   * @param leaseUntil on this member's clock, exclusive
   * @param openedAt on this member's clock: all that was committed before is applied
   */
  private record View(boolean open, boolean alone, long leaseUntil, long openedAt) {}

  private static final View SHUT = new View(false, false, 0, 0);

  private volatile View view = SHUT;

  /**
   * Whether what was read may be answered.
   *
   * @param readAt this member's clock, in nanoseconds, taken before the state was read
   */
  public Answer check(long readAt) {
    View seen = view;
    if (!seen.open) {
      return Answer.NO;
    }
    boolean valid = seen.alone || readAt - seen.leaseUntil < 0;
    return valid && readAt - seen.openedAt >= 0 ? Answer.YES : Answer.WAIT;
  }

  void shut() {
    view = SHUT;
  }

  void set(boolean alone, long leaseUntil, long openedAt) {
    View seen = view;
    if (!seen.open
        || seen.alone != alone
        || seen.leaseUntil != leaseUntil
        || seen.openedAt != openedAt) {
      view = new View(true, alone, leaseUntil, openedAt);
    }
  }
}
