package social.starling.replication;

/**
 * Where the entries of an epoch begin in a journal.
 *
 * @param epoch the epoch
 * @param index of its first entry
 */
public record EpochStart(long epoch, long index) {}
