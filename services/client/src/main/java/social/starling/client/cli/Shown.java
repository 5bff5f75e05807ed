package social.starling.client.cli;

import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;
import social.starling.client.Post;

/**
 * How texts of other people are shown to a person: nothing in them can steer the terminal, change
 * the order in which characters show, or look like another post's line.
 *
 * <p>Control and format characters show as escapes: {@code \t}, {@code \x1b}, {@code \u202e}. A
 * backslash stays one: what is shown is for eyes, {@code --output json} is for programs. Of a text
 * with several lines each further one is indented behind a bar, and only the first line of a post
 * begins at the margin.
 */
final class Shown {

  /** What a line begins with that is not a post's first. */
  static final String FURTHER = "    | ";

  private static final int ZERO_WIDTH_NON_JOINER = 0x200c;
  private static final int ZERO_WIDTH_JOINER = 0x200d;

  // The field's own form, C's ctime(3): the day of the month is padded with a space.
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("EEE MMM ppd HH:mm:ss yyyy", Locale.ENGLISH);

  private Shown() {}

  /** A post's line or lines, without a line break at the end. */
  static String post(Post post, ZoneId zone) {
    StringBuilder shown = new StringBuilder();
    escape(post.author(), shown);
    shown.append(" (").append(time(post.time(), zone)).append(") >> ");
    List<String> lines = List.of(post.text().split("\r?\n", -1));
    escape(lines.getFirst(), shown);
    for (String line : lines.subList(1, lines.size())) {
      shown.append('\n').append(line.isEmpty() ? FURTHER.stripTrailing() : FURTHER);
      escape(line, shown);
    }
    return shown.toString();
  }

  /** A sentence or a name that may hold anything, on one line. */
  static String line(String text) {
    StringBuilder shown = new StringBuilder();
    escape(text, shown);
    return shown.toString();
  }

  static String time(Instant time, ZoneId zone) {
    return TIME.format(time.atZone(zone));
  }

  /** Whether a character shows as itself and does nothing else. */
  static boolean isPlain(int c) {
    return switch (Character.getType(c)) {
      case Character.CONTROL,
          Character.SURROGATE,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR ->
          false;
      // Scripts and emoji need the joiners; the other format characters reorder or hide.
      case Character.FORMAT -> c == ZERO_WIDTH_JOINER || c == ZERO_WIDTH_NON_JOINER;
      default -> true;
    };
  }

  private static void escape(String text, StringBuilder shown) {
    for (int i = 0; i < text.length(); ) {
      int c = text.codePointAt(i);
      i += Character.charCount(c);
      if (isPlain(c)) {
        shown.appendCodePoint(c);
      } else if (c == '\t') {
        shown.append("\\t");
      } else if (c == '\n') {
        shown.append("\\n");
      } else if (c == '\r') {
        shown.append("\\r");
      } else if (c <= 0xff) {
        shown.append("\\x%02x".formatted(c));
      } else if (c <= 0xffff) {
        shown.append("\\u%04x".formatted(c));
      } else {
        shown.append("\\U%08x".formatted(c));
      }
    }
  }
}
