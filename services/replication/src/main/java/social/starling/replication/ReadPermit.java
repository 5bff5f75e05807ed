package social.starling.replication;

/**
 * Whether a read that has been made may be answered (rule 6). Written by the replica's thread, read
 * by any.
 *
 * <p>Check it <em>after</em> the state was read: a pause between the check and the answer then does
 * no harm, for the read took effect before the check.
 */
public final class ReadPermit {

  /** What a reader should do. */
  public enum Answer {
    /** Answer the read. */
    YES,
    /** This member is open, but the slave has not acknowledged lately: wait, then check again. */
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
   */
  private record View(boolean open, boolean alone, long leaseUntil) {}

  private static final View SHUT = new View(false, false, 0);

  private volatile View view = SHUT;

  /**
   * Whether a read made before now may be answered.
   *
   * @param now this member's clock, in nanoseconds, taken after the state was read
   */
  public Answer check(long now) {
    View seen = view;
    if (!seen.open) {
      return Answer.NO;
    }
    return seen.alone || now - seen.leaseUntil < 0 ? Answer.YES : Answer.WAIT;
  }

  void shut() {
    view = SHUT;
  }

  void set(boolean alone, long leaseUntil) {
    View seen = view;
    if (!seen.open || seen.alone != alone || seen.leaseUntil != leaseUntil) {
      view = new View(true, alone, leaseUntil);
    }
  }
}
