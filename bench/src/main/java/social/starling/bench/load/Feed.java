package social.starling.bench.load;

/**
 * A system that takes posts and gives timelines: Starling, or one that is measured beside it. Its
 * operations may be begun from any thread and end on a thread of its own.
 */
public interface Feed extends AutoCloseable {

  /** Told once how an operation ended. */
  interface Done {

    /**
     * It was answered.
     *
     * @param items posts that came with the answer
     * @param retries attempts beyond the first
     */
    void answered(int items, int retries);

    /** It failed for good, for a reason in a word. */
    void failed(String reason, int retries);
  }

  /** Posts a text as a user. */
  void post(int user, String text, Done done);

  /** Reads the newest posts of all whom a user follows, with their texts. */
  void timeline(int user, Done done);

  /** Runs something later, where beginning an operation costs the least. */
  void after(long nanos, Runnable work);

  @Override
  void close();
}
