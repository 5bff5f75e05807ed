package social.starling.launcher;

/**
 * One process in {@code starling status}. Null is what does not apply or is not known.
 *
 * @param kind coordinator, server, synchronizer, router
 * @param role master or slave, of a server that runs
 * @param epoch the epoch that a server acts in
 * @param inSync whether a server's volume is counted in its cluster's configuration
 * @param pid null when the process does not run
 * @param address where users call it, or else other processes
 * @param lag entries that a slave has still to get, or a synchronizer of the peer that it is
 *     furthest behind
 * @param uptimeSeconds since the process started
 */
record StatusRow(
    String kind,
    String cluster,
    String member,
    String role,
    Long epoch,
    Boolean inSync,
    Long pid,
    String address,
    String directory,
    Long lag,
    Long uptimeSeconds) {}
