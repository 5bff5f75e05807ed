package social.starling.replication;

/** What became of a client's request at the master. */
public sealed interface Submission {

  /**
   * It is in the journal at this index, and its answer comes when that entry is committed.
   *
   * @param repeated it was there before: this is a retry that now waits too
   */
  record Accepted(long index, boolean repeated) implements Submission {}

  /** It is not in the journal; nothing happened. */
  record Refused(Refusal why) implements Submission {}

  /** Why a request was not taken. */
  enum Refusal {
    /** This member is not the master. */
    NOT_MASTER,
    /** This member is the master, but not open yet, or about to hand over: try again. */
    NOT_READY,
    /** One copy only, and {@code minInSync} is 2. */
    ONE_COPY_ONLY,
    /** Too much is waiting to be committed. */
    OVERLOADED
  }
}
