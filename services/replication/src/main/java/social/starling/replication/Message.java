package social.starling.replication;

import java.util.List;

/** What the two members of a cluster tell each other. Any of it may be lost, late or repeated. */
public sealed interface Message {

  /** The epoch of the message (not of the entries in it). */
  long epoch();

  /**
   * Master to slave: entries; a heartbeat when there are none.
   *
   * @param instance the master's process
   * @param previousIndex index of the entry before the first one here
   * @param previousEpoch its epoch; 0 at index 0
   * @param entries consecutive entries from {@code previousIndex + 1} on
   * @param endIndex index of the master's last entry when it sent this
   * @param commitIndex the master's commit index when it sent this
   * @param sentAt the master's own clock in nanoseconds, echoed in the {@link Ack}
   */
  record Append(
      long epoch,
      String instance,
      long previousIndex,
      long previousEpoch,
      List<Entry> entries,
      long endIndex,
      long commitIndex,
      long sentAt)
      implements Message {
    public Append {
      entries = List.copyOf(entries);
    }
  }

  /**
   * Slave to master.
   *
   * @param volume the volume that has it
   * @param instance the slave's process
   * @param verifiedIndex verified against the master of {@code epoch} and fsynced up to here
   * @param sentAt of the newest {@link Append} that this answers
   * @param mismatch the entry before was not the one that the slave has
   * @param hintIndex with {@code mismatch}: the two journals can agree up to here at most
   * @param hintEpoch the epoch of the slave's entry at {@code hintIndex}
   */
  record Ack(
      long epoch,
      String volume,
      String instance,
      long verifiedIndex,
      long sentAt,
      boolean mismatch,
      long hintIndex,
      long hintEpoch)
      implements Message {}

  /**
   * Master to slave: the journal no longer holds what this volume needs; take a full copy. The
   * master does not count the volume in this epoch any more, so that a late copy of this message
   * never makes a slave discard what is counted.
   *
   * @param volume the volume to discard
   */
  record SnapshotNeeded(long epoch, String volume) implements Message {}

  /** Master to slave: reads have stopped, take over. */
  record Resign(long epoch) implements Message {}

  /** Slave to master: do not count on this volume any longer. */
  record Leaving(long epoch, String volume, String instance) implements Message {}
}
