package social.starling.replication;

import java.util.EnumMap;
import java.util.Map;
import java.util.StringJoiner;

/** What a run saw: proof that it exercised what it claims to check. */
final class Counts {

  /** Things worth seeing. */
  enum Seen {
    EVENTS,
    ACKNOWLEDGED,
    RETRIES,
    READS,
    PROMOTIONS,
    OWN_RESTARTS,
    SHRINKS,
    EXPANDS,
    HANDOVERS,
    RESIGNS,
    TRUNCATIONS,
    SNAPSHOTS,
    VOLUME_LOSSES,
    CRASHES,
    PAUSES,
    HANGS,
    CUTS,
    COORDINATOR_OUTAGES,
    TRIMS,
    LEAVES,
    PROOFS_OF_DEATH
  }

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

  void addAll(Counts other) {
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
