package social.starling.bench.fortunes;

import java.util.HashSet;
import java.util.Locale;
import java.util.Set;
import social.starling.common.Limits;

/** Makes names that a user can have, each one new ignoring case. Used by one thread. */
final class AuthorNames {

  private final Set<String> taken = new HashSet<>();

  /** A name for a file: language and file name, shortened and numbered where needed. */
  String of(String language, String file) {
    String plain = file.replaceFirst("\\.fortunes$", "");
    String base = (language + "_" + plain).replaceAll("[^A-Za-z0-9_]+", "_");
    for (int number = 1; ; number++) {
      String suffix = number == 1 ? "" : "_" + number;
      String name =
          base.substring(0, Math.min(base.length(), Limits.MAX_NAME - suffix.length())) + suffix;
      if (taken.add(name.toLowerCase(Locale.ROOT))) {
        return name;
      }
    }
  }
}
