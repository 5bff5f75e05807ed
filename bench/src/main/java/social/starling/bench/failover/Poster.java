package social.starling.bench.failover;

/**
 * Posts as one author, and repeats below a deadline as a good client of the system does. Used by
 * one thread.
 */
public interface Poster extends AutoCloseable {

  /** A post that was not acknowledged. */
  final class Refused extends Exception {
    private static final long serialVersionUID = 1;
    private final boolean outcomeUnknown;

    /**
     * @param why in a word and a sentence
     * @param outcomeUnknown it may be there
     */
    public Refused(String why, boolean outcomeUnknown, Throwable cause) {
      super(why, cause);
      this.outcomeUnknown = outcomeUnknown;
    }

    boolean outcomeUnknown() {
      return outcomeUnknown;
    }
  }

  /**
   * Posts.
   *
   * @return the post's id
   */
  long post(String text) throws Refused;

  /** Attempts beyond the first of each post, so far. */
  long retries();

  @Override
  void close();
}
