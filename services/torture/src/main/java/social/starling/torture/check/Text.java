package social.starling.torture.check;

import java.util.Locale;

/** Words for times and texts in sentences. */
final class Text {

  private static final int BRIEF = 60;

  private Text() {}

  /** A text on one line, cut where it is long. */
  static String brief(String text) {
    String line = text.replace("\n", "⏎");
    return line.length() <= BRIEF ? line : line.substring(0, BRIEF) + "…";
  }

  /** Seconds since the run began. */
  static String seconds(long nanos) {
    return nanos == Facts.NEVER ? "never" : String.format(Locale.ROOT, "%.3f s", nanos / 1e9);
  }
}
