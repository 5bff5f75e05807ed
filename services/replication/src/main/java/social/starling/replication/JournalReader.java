package social.starling.replication;

import java.util.List;

/** Reads entries that are in the journal's store. */
public interface JournalReader {

  /**
   * Entries from an index on, in order and without gaps.
   *
   * @param from index of the first entry wanted; it is stored
   * @param to index of the last entry wanted, at most
   * @param maxBytes stop after the entry that reaches this {@linkplain Entry#weight() weight}
   * @return at least one entry, or none when {@code from} is not there any longer
   */
  List<Entry> read(long from, long to, int maxBytes);
}
