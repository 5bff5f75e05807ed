package social.starling.launcher;

import java.util.Locale;

/** The kinds of process that the launcher runs. */
enum Kind {
  COORDINATOR("social.starling.coordinator.CoordinatorMain"),
  SERVER("social.starling.server.ServerMain"),
  SYNCHRONIZER("social.starling.synchronizer.SynchronizerMain"),
  ROUTER("social.starling.router.RouterMain");

  private final String mainClass;

  Kind(String mainClass) {
    this.mainClass = mainClass;
  }

  String mainClass() {
    return mainClass;
  }

  /** The word for it in {@code launcher.json}, in {@code status} and in file names. */
  String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  static Kind ofWord(String word) {
    return valueOf(word.toUpperCase(Locale.ROOT));
  }
}
