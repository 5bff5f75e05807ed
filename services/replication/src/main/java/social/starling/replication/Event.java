package social.starling.replication;

/** What can happen to a member. */
public sealed interface Event {

  /** Time has passed. Expected at least every few tens of milliseconds. */
  record Tick() implements Event {}

  /** The store has made this {@link Effect.Persist} durable, and all before it. */
  record Persisted(long ticket) implements Event {}

  /**
   * A message of the other member.
   *
   * @param from its name: a message of a member whose place another has taken says nothing; empty
   *     for whoever is the other member
   */
  record Received(String from, Message message) implements Event {

    public Received(Message message) {
      this("", message);
    }
  }

  /**
   * This is the other member from now on; it has a volume of its own. Said only after the one
   * before was not in sync: it takes effect when this member knows that too, and counts it no
   * longer.
   */
  record PeerNamed(String peer) implements Event {}

  /** A coordinator says that this is the configuration. */
  record Learned(Configuration configuration) implements Event {}

  /** What the coordinators hear of the other member. */
  record PeerHearing(Hearing hearing) implements Event {}

  /** Proof, from whoever reaped it, that this very process has ended. */
  record Dead(String member, String instance) implements Event {}

  /** The connection over which the other member's messages came has broken. */
  record LinkBroken() implements Event {}

  /** Hand the cluster over to the other member, if it is in sync. */
  record HandoverWanted() implements Event {}

  /**
   * This process wants to stop: as slave, tell the master not to count on it; as master, leave no
   * slave out, for it is the one that will serve.
   */
  record LeaveWanted() implements Event {}

  /** A write or an fsync failed: nothing that this volume says counts any longer. */
  record StorageFailed() implements Event {}

  /** The full copy is in place, on a volume with a new id. */
  record Installed(JournalState state) implements Event {}

  /** The full copy did not come; the old content is as it was. */
  record InstallFailed() implements Event {}

  /** The store has dropped the entries up to here. */
  record Trimmed(long baseIndex) implements Event {}

  /** How the coordinators hear a member. */
  enum Hearing {
    /** No coordinator has said anything. */
    UNKNOWN,
    HEARD,
    /** Its session broke, or it is silent. */
    SUSPECTED,
    /** Unheard for so long that its clients cannot reach it either. */
    LOST
  }
}
