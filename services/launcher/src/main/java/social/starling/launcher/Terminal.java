package social.starling.launcher;

/** Where the launcher tells a person what happens, a line at a time. Thread-safe. */
@FunctionalInterface
interface Terminal {

  void say(String line);

  static String seconds(java.time.Duration duration) {
    return "%.2f s".formatted(duration.toMillis() / 1000.0);
  }
}
