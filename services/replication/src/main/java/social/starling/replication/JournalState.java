package social.starling.replication;

import java.util.List;

/**
 * What a volume holds when its process starts.
 *
 * @param volume id of the volume
 * @param promised highest epoch that this volume promised; 0 for a new volume
 * @param baseIndex index of the last entry that was trimmed (or that a snapshot covers); 0 if none
 * @param baseEpoch its epoch
 * @param lastIndex index of the last entry; {@code baseIndex} when the journal is empty
 * @param lastId id of the last entry, also when it was trimmed; 0 if there never was one
 * @param lastTimeMillis its time
 * @param epochs where each epoch begins, ascending, for the entries after {@code baseIndex}
 * @param appliedIndex tables and files hold the effects of the entries up to here
 */
public record JournalState(
    String volume,
    long promised,
    long baseIndex,
    long baseEpoch,
    long lastIndex,
    long lastId,
    long lastTimeMillis,
    List<EpochStart> epochs,
    long appliedIndex) {

  public JournalState {
    epochs = List.copyOf(epochs);
    if (baseIndex > appliedIndex || appliedIndex > lastIndex) {
      throw new IllegalArgumentException(
          "base %d, applied %d, last %d".formatted(baseIndex, appliedIndex, lastIndex));
    }
  }

  /** A volume that was never used. */
  public static JournalState empty(String volume) {
    return new JournalState(volume, 0, 0, 0, 0, 0, 0, List.of(), 0);
  }
}
