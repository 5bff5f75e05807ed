package social.starling.torture.history;

/**
 * One call of a client, retries included.
 *
 * @param session who called: calls of one session never overlap, and it goes one way all the time
 * @param user on whose behalf
 * @param via how the session reaches the servers
 * @param operation what was asked, and what was answered if it was
 * @param begun before it was made
 * @param ended after it was answered or given up
 * @param reason why it was not done, one word; empty when it was
 */
public record Call(
    int session,
    String user,
    Via via,
    Operation operation,
    long begun,
    long ended,
    Outcome outcome,
    String reason)
    implements Event {

  /** How a client reaches the servers. */
  public enum Via {
    ROUTER,
    DIRECT
  }

  /** What a client knows when a call has ended. */
  public enum Outcome {
    /** Answered: done. */
    OK,
    /** Answered or given up: it has had no effect and will have none. */
    FAILED,
    /** Not answered in time: it may have taken effect, or may yet, once. */
    UNKNOWN
  }
}
