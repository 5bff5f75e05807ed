package social.starling.replication;

/** What a run is made of. Planted bugs replace a part. */
class Plant {

  static final Plant NONE = new Plant();

  Replica replica(
      Options options, JournalState state, JournalReader reader, long startedAt, long now) {
    return new Replica(options, state, reader, startedAt, now);
  }

  SimulatedCoordinator coordinator(Configuration first, Counts counts) {
    return new SimulatedCoordinator(first, counts);
  }

  /** What is made to happen in a run, beside its faults. */
  Director director() {
    return simulation -> {};
  }

  /** The driver answers a request whose answer the state machine has. */
  boolean asksStateMachine() {
    return true;
  }

  /** The driver answers a repeated request only when its entry is committed. */
  boolean waitsForRepeated() {
    return true;
  }

  /** The store keeps the promise apart from the journal. */
  boolean storesPromise() {
    return true;
  }

  /** A full copy takes a volume id of its own. */
  boolean newVolumeForCopy() {
    return true;
  }

  /** The store holds effects of committed entries only. */
  boolean appliesCommittedOnly() {
    return true;
  }

  /** Masters are told to hand over now and then. */
  boolean handsOver() {
    return true;
  }
}
