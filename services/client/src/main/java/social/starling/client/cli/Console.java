package social.starling.client.cli;

/** Where the interactive client reads lines and prints. */
interface Console extends AutoCloseable {

  /** What came of reading a line. */
  sealed interface Entry {

    /** A line, without its break. */
    record Line(String text) implements Entry {}

    /** Something that is no line of text, in a sentence. */
    record Unusable(String sentence) implements Entry {}

    /** Ctrl-D, or the end of the input. */
    record End() implements Entry {}

    /** Ctrl-C on an empty line. */
    record Interrupted() implements Entry {}
  }

  /** Waits for a line; a terminal shows the prompt. One thread. */
  Entry read(String prompt);

  /** Prints a line, or several, without disturbing what is being typed. Any thread. */
  void print(String lines);

  /**
   * Prints the lines of {@link Shown#post}. A terminal breaks long ones itself, so that no text can
   * make its middle begin at the margin. Any thread.
   */
  void printPost(String lines);

  /** Says that a connection broke. Any thread. */
  void notice(String line);

  /** Whether a person types: the end of the input can be followed by more. */
  boolean terminal();

  @Override
  void close();
}
