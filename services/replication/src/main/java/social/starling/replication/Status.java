package social.starling.replication;

/**
 * Where a member stands, for people and metrics.
 *
 * @param role what it is
 * @param configuration the newest that it knows
 * @param knownEpoch the highest epoch that it knows, perhaps without the configuration
 * @param volume its volume
 * @param lastIndex end of its journal
 * @param durableIndex fsynced up to here
 * @param commitIndex committed (and applied) up to here
 * @param peerIndex as master: verified and fsynced by the peer in this epoch up to here; else 0
 * @param peerCounted as master: commits wait for the peer
 * @param masterIndex as slave: the end of the master's journal, as last heard; else 0
 * @param behindMillis as slave: time since the master was heard; as master: since the peer was
 */
public record Status(
    Role role,
    Configuration configuration,
    long knownEpoch,
    String volume,
    long lastIndex,
    long durableIndex,
    long commitIndex,
    long peerIndex,
    boolean peerCounted,
    long masterIndex,
    long behindMillis) {}
