package social.starling.common;

/** The exit codes of every process. */
public final class ExitCode {

  public static final int DONE = 0;
  public static final int FAILED = 1;

  /** Usage or configuration error. */
  public static final int USAGE = 2;

  /** Refused: state, lock or format. */
  public static final int REFUSED = 3;

  /** The storage failed. */
  public static final int STORAGE = 4;

  private ExitCode() {}
}
