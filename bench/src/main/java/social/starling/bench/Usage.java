package social.starling.bench;

import social.starling.common.ExitCode;
import social.starling.common.StartException;

/** What an option can be. */
public final class Usage {

  private Usage() {}

  /**
   * Refuses options.
   *
   * @param holds what they must be like
   * @param sentence says so
   * @throws StartException with exit code 2 when it does not hold
   */
  public static void require(boolean holds, String sentence) {
    if (!holds) {
      throw new StartException(ExitCode.USAGE, sentence);
    }
  }
}
