package social.starling.bench.growth;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** The time that a part may take, and what was left out because it was over. One thread. */
final class Budget {

  private final long begun = System.nanoTime();
  private final Duration limit;
  private final List<String> notes = new ArrayList<>();

  Budget(Duration limit) {
    this.limit = limit;
  }

  /** Whether a step is still begun; otherwise it is noted. */
  boolean allows(String step) {
    if (!isOver()) {
      return true;
    }
    notes.add("Left out, for the time was over: " + step + ".");
    return false;
  }

  /** Any thread. */
  boolean isOver() {
    return System.nanoTime() - begun > limit.toNanos();
  }

  void note(String sentence) {
    notes.add(sentence);
  }

  List<String> notes() {
    return notes;
  }

  double seconds() {
    return (System.nanoTime() - begun) / 1e9;
  }
}
