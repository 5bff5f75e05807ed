package social.starling.common;

import java.util.regex.Pattern;

/** Names of clusters: what can be part of a host's name and of a file's. */
public final class ClusterName {

  // Members' names are longer by a serial, and must be such names too.
  private static final Pattern PATTERN = Pattern.compile("[a-z0-9]([-a-z0-9]{0,58}[a-z0-9])?");

  private ClusterName() {}

  /** Whether a cluster can have this name: 1 to 60 of a-z, 0-9 and -, not - at either end. */
  public static boolean isOne(String name) {
    return PATTERN.matcher(name).matches();
  }

  /**
   * The name, when it is one.
   *
   * @param option that it was given for, for the sentence
   * @throws StartException when it is none
   */
  public static String check(String option, String name) {
    if (!isOne(name)) {
      throw new StartException(
          ExitCode.USAGE,
          option + " '" + name + "' is not 1 to 60 of a-z, 0-9 and -, without - at either end");
    }
    return name;
  }
}
