package social.starling.server.world;

import java.util.EnumMap;
import java.util.Map;
import java.util.StringJoiner;

/** How often a run saw each thing. */
final class WorldCounts {

  private final Map<Seen, Long> numbers = new EnumMap<>(Seen.class);

  void add(Seen seen) {
    add(seen, 1);
  }

  void add(Seen seen, long howMany) {
    numbers.merge(seen, howMany, Long::sum);
  }

  long get(Seen seen) {
    return numbers.getOrDefault(seen, 0L);
  }

  void addAll(WorldCounts other) {
    other.numbers.forEach(this::add);
  }

  @Override
  public String toString() {
    StringJoiner line = new StringJoiner(", ");
    for (Seen seen : Seen.values()) {
      line.add(get(seen) + " " + seen.name().toLowerCase().replace('_', ' '));
    }
    return line.toString();
  }
}
