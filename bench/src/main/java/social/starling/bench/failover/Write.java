package social.starling.bench.failover;

/**
 * One post that a writer made or tried to make. Times are of {@code System.nanoTime()}.
 *
 * @param sequence 1, 2, 3, … of its author
 * @param text what was posted; says author and sequence, so that no two are the same
 * @param intended when it was to begin
 * @param begun when it began
 * @param ended when the call returned
 * @param end how
 * @param why it failed, in a word and a sentence; empty when acknowledged
 * @param id of the post; 0 unless acknowledged
 */
record Write(
    String author,
    int sequence,
    String text,
    long intended,
    long begun,
    long ended,
    End end,
    String why,
    long id) {

  /** How a write ended. */
  enum End {
    ACKNOWLEDGED,
    /** No answer before the deadline: it may be there, once. */
    UNKNOWN,
    /** It was refused, and is not there. */
    REFUSED
  }

  boolean isAcknowledged() {
    return end == End.ACKNOWLEDGED;
  }
}
