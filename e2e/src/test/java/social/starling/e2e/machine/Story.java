package social.starling.e2e.machine;

import java.time.Duration;
import java.time.LocalTime;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/** Tells, line by line and with times, what is done and what was seen. Thread-safe. */
public final class Story {

  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("HH:mm:ss.SSS", Locale.ROOT);

  private final long begun = System.nanoTime();

  /** A line of its own with what comes next. */
  public void title(String title) {
    System.out.printf("%n%s%n", title);
  }

  /** One line. */
  public void tell(String format, Object... values) {
    System.out.printf(
        Locale.ROOT,
        "  %s %7.1fs  %s%n",
        TIME.format(LocalTime.now()),
        (System.nanoTime() - begun) / 1e9,
        values.length == 0 ? format : format.formatted(values));
  }

  /** A time as a person reads it. */
  public static String shown(Duration time) {
    return time.toMillis() < 10_000
        ? time.toMillis() + " ms"
        : "%.1f s".formatted(time.toMillis() / 1000.0);
  }
}
