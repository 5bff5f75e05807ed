package social.starling.replication;

/** What must be true after every step of the simulator, whatever happened before. */
enum Invariant {
  ONE_MASTER("at most one process acts as master in an epoch"),
  ON_COUNTED_DISKS(
      "a committed entry is in the fsynced journal of every member that is counted at that moment,"
          + " and nothing is acknowledged that is not committed"),
  NEVER_LOST("every recorded in-sync volume holds every committed entry on its disk"),
  SET_WITHIN_COUNTED("the coordinator's set is never larger than the set that the master counts"),
  PROMOTED_FROM_SET("whoever acts in an epoch was in the set before, with the recorded volume"),
  COMMITTED_FOR_EVER("a committed entry never changes or disappears"),
  SLAVE_PREFIX("what the slave committed is a prefix of what the master committed"),
  FOLD("tables and files are the fold of the committed prefix"),
  READ_SEES_ACKNOWLEDGED("a read returns every write acknowledged before it began"),
  ONCE("each (client, sequence) takes effect once and gets one answer"),
  IDS_GROW("ids grow strictly and times never step back along the committed journal"),
  RECORDED_VOLUME_KEPT("a follower never gives up a recorded in-sync volume for a full copy"),
  WRITES_RESUME("without faults, a live in-sync member comes to acknowledge a new write"),
  WRITES_RESUME_ALONE(
      "without faults but with the coordinator away, a master that knows the newest configuration"
          + " and reaches everybody it counts comes to acknowledge a new write"),
  PAIR_RESTORED("without faults, both members come to be in sync"),
  NO_FALSE_FAILOVER("without faults nobody is promoted and nobody is removed"),
  NO_EXCEPTION("no input makes the rules throw");

  private final String sentence;

  Invariant(String sentence) {
    this.sentence = sentence;
  }

  String sentence() {
    return sentence;
  }
}
