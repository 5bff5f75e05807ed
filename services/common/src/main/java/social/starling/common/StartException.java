package social.starling.common;

/** A process cannot start or go on: what the person at the terminal is told, in a sentence. */
public final class StartException extends RuntimeException {

  private final int exitCode;

  /**
   * @param exitCode one of {@link ExitCode}
   * @param sentence what was tried, with what, and what to do
   */
  public StartException(int exitCode, String sentence) {
    this(exitCode, sentence, null);
  }

  /** As above, with the cause, which is logged at debug level only. */
  public StartException(int exitCode, String sentence, Throwable cause) {
    super(sentence, cause);
    this.exitCode = exitCode;
  }

  public int exitCode() {
    return exitCode;
  }
}
