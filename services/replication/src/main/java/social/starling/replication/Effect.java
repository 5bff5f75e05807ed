package social.starling.replication;

import java.util.List;

/** What a member must do, in the order given. */
public sealed interface Effect {

  /**
   * Make durable, in order with the others: first the promise, then the truncation, then the
   * entries; then answer {@link Event.Persisted}. Several may share one fsync.
   *
   * @param ticket grows by one with each
   * @param promised the highest promised epoch; 0 when unchanged
   * @param truncateAfter drop the entries after this index; −1 for none
   * @param append consecutive entries
   */
  record Persist(long ticket, long promised, long truncateAfter, List<Entry> append)
      implements Effect {}

  /**
   * These entries are committed: apply them, now and in order.
   *
   * @param answer whether this member serves clients, so that those who wait can be answered
   */
  record Commit(List<Entry> entries, boolean answer) implements Effect {}

  /** Send to the other member; may be lost. */
  record Send(Message message) implements Effect {}

  /** Ask a coordinator; may be lost. */
  record Ask(Request request) implements Effect {}

  /**
   * This member serves writes from now on, and reads from the next call of the replica on: what was
   * committed before must have been applied by then. Drain once more when this has been done.
   */
  record Opened(long epoch) implements Effect {}

  /**
   * This member no longer serves; clients that wait for a write are answered "unknown outcome".
   *
   * @param why in a sentence
   */
  record Closed(long epoch, String why) implements Effect {}

  /** Fetch a full copy from the master of this epoch and put it in place under a new volume id. */
  record Install(long epoch) implements Effect {}

  /** A rule was found broken: this process must end, having done nothing more. */
  record Halt(String why) implements Effect {}
}
