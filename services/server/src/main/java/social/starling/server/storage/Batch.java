package social.starling.server.storage;

import java.util.List;
import java.util.OptionalLong;
import social.starling.replication.Entry;
import social.starling.server.state.Change;

/**
 * What is written in one transaction, in this order, and becomes durable with one fsync; but
 * changes alone become durable with the next batch that has more, for the journal has what they
 * follow from.
 *
 * @param promised the new promise; empty when unchanged
 * @param truncateAfter the journal's entries after this index are dropped; empty for none. None of
 *     them was applied
 * @param append consecutive entries that follow the journal's last
 * @param applied changes of consecutive entries, the first being the one after those written before
 */
public record Batch(
    OptionalLong promised, OptionalLong truncateAfter, List<Entry> append, List<Change> applied) {

  public Batch {
    append = List.copyOf(append);
    applied = List.copyOf(applied);
  }

  /** New entries and nothing else. */
  public static Batch append(List<Entry> entries) {
    return new Batch(OptionalLong.empty(), OptionalLong.empty(), entries, List.of());
  }

  /** Changes and nothing else. */
  public static Batch apply(List<Change> changes) {
    return new Batch(OptionalLong.empty(), OptionalLong.empty(), List.of(), changes);
  }

  /** Whether there are changes and nothing else. */
  boolean onlyApplies() {
    return promised.isEmpty() && truncateAfter.isEmpty() && append.isEmpty() && !applied.isEmpty();
  }

  /** Whether there is nothing to write. */
  public boolean isEmpty() {
    return promised.isEmpty() && truncateAfter.isEmpty() && append.isEmpty() && applied.isEmpty();
  }
}
