package social.starling.bench.growth;

import java.util.Locale;

/** What can be measured by itself. */
enum Part {
  /** The tables in memory alone. */
  STATE,
  /** A volume alone: its size, and what opening it takes. */
  VOLUME,
  /** A timeline as the followed grow. */
  FOLLOWED,
  /** A post as the followers grow. */
  FOLLOWERS,
  /** Memory, volume and restart as users, follows and posts grow. */
  SIZE;

  String word() {
    return name().toLowerCase(Locale.ROOT);
  }
}
