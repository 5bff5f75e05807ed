package social.starling.torture.check;

import java.util.List;
import social.starling.torture.history.Event;

/**
 * A promise that was broken.
 *
 * @param checker one word: which promise
 * @param sentence what is wrong, with names and ids
 * @param at when it showed; nanoseconds since the run began
 * @param around calls, shows and faults that have to do with it, in the order in which they ended
 */
public record Violation(String checker, String sentence, long at, List<Event> around) {

  public Violation {
    around = List.copyOf(around);
  }
}
