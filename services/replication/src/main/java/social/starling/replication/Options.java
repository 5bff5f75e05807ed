package social.starling.replication;

import java.util.Objects;

/**
 * Settings of a member. Times in nanoseconds.
 *
 * @param self this member's name
 * @param peer the other member's name
 * @param instance this process
 * @param clusterNumber 0 to 1,023, part of every id
 * @param heartbeat between messages to the other member when there is nothing to say
 * @param silence without progress for this long, a member is taken for lost
 * @param lease how long after sending a message that was acknowledged a read may be served
 * @param minInSync 1, or 2 to refuse writes while there is one copy only
 * @param maxUncommittedBytes of requests that wait to be committed, by {@link Entry#weight()}
 * @param maxAppendBytes of entries in one message, by {@link Entry#weight()}
 * @param maxInFlightBytes sent and not yet acknowledged
 * @param maxTailBytes of committed entries kept in memory for a slave that is a little behind
 */
public record Options(
    String self,
    String peer,
    String instance,
    int clusterNumber,
    long heartbeat,
    long silence,
    long lease,
    int minInSync,
    int maxUncommittedBytes,
    int maxAppendBytes,
    int maxInFlightBytes,
    int maxTailBytes) {

  public Options {
    Objects.requireNonNull(self, "self");
    Objects.requireNonNull(peer, "peer");
    Objects.requireNonNull(instance, "instance");
    if (self.equals(peer)) {
      throw new IllegalArgumentException("a member cannot be its own peer: " + self);
    }
    if (heartbeat <= 0 || lease < 2 * heartbeat || silence <= lease) {
      throw new IllegalArgumentException(
          "heartbeat %d, lease %d, silence %d ns: need lease >= 2 heartbeats and silence > lease"
              .formatted(heartbeat, lease, silence));
    }
    if (clusterNumber < 0 || clusterNumber >= Ids.MAX_CLUSTERS) {
      throw new IllegalArgumentException(
          "cluster number %d; it can be 0 to %d".formatted(clusterNumber, Ids.MAX_CLUSTERS - 1));
    }
    if (maxUncommittedBytes < 1 || maxAppendBytes < 1 || maxInFlightBytes < 1 || maxTailBytes < 0) {
      throw new IllegalArgumentException(
          "uncommitted %d, append %d, in flight %d, tail %d bytes: need at least 1, 1, 1, 0"
              .formatted(maxUncommittedBytes, maxAppendBytes, maxInFlightBytes, maxTailBytes));
    }
    if (minInSync != 1 && minInSync != 2) {
      throw new IllegalArgumentException("minInSync is " + minInSync + "; it can be 1 or 2");
    }
  }

  /** The defaults: heartbeat 100 ms, silence 1 s, lease 300 ms, one copy is enough. */
  public static Options defaults(String self, String peer, String instance, int clusterNumber) {
    long ms = 1_000_000L;
    return new Options(
        self,
        peer,
        instance,
        clusterNumber,
        100 * ms,
        1_000 * ms,
        300 * ms,
        1,
        16 << 20,
        256 << 10,
        4 << 20,
        // Little, so that most entries are garbage before they are old: old garbage costs pauses.
        1 << 20);
  }

  /** The same with another peer. */
  Options withPeer(String other) {
    return new Options(
        self,
        other,
        instance,
        clusterNumber,
        heartbeat,
        silence,
        lease,
        minInSync,
        maxUncommittedBytes,
        maxAppendBytes,
        maxInFlightBytes,
        maxTailBytes);
  }

  /**
   * How long after its last acknowledgement a new master waits until no lease can be valid: the
   * lease and an eighth of it, so that clocks may differ in rate by a tenth.
   */
  long grace() {
    return lease + lease / 8;
  }
}
