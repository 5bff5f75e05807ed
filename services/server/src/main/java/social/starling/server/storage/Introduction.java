package social.starling.server.storage;

/**
 * Whose volume it is.
 *
 * @param cluster name of the cluster
 * @param number of the cluster
 * @param member name of the member that used the volume last
 */
public record Introduction(String cluster, int number, String member) {}
