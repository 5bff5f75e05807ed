package social.starling.replication;

/** What a member is at the moment. */
public enum Role {
  /** Follows a master, or looks for one. */
  FOLLOWER,
  /** Named as master of an epoch, not open yet. */
  WAITING,
  /** Serves reads and writes. */
  OPEN,
  /**
   * Stopped serving in order to be followed by the other member; opens again only in a new epoch.
   */
  CLOSED,
  /** Takes a full copy. */
  INSTALLING,
  /** Its storage failed: it counts no longer. */
  FAILED;

  /** Whether this member acts as master of its epoch. */
  boolean acts() {
    return this == WAITING || this == OPEN;
  }
}
