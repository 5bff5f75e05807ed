package social.starling.replication;

/**
 * The layout of ids: 41 bits of milliseconds since 2025-01-01Z, 10 bits of cluster number, 12 bits
 * of counter. The sign bit is always 0, so ids compare as plain longs.
 *
 * <p>The 41 bits last until the year 2094.
 */
public final class Ids {

  /** 2025-01-01T00:00:00Z in milliseconds since 1970-01-01Z. */
  public static final long ORIGIN_MILLIS = 1_735_689_600_000L;

  /** Cluster numbers are below this. */
  public static final int MAX_CLUSTERS = 1 << 10;

  private static final int COUNTER_BITS = 12;
  private static final int CLUSTER_BITS = 10;
  private static final long MAX_MILLIS = (1L << 41) - 1;

  /** The last moment that an id can name, in milliseconds since 1970-01-01Z: in 2094. */
  static final long LAST_MILLIS = ORIGIN_MILLIS + MAX_MILLIS;

  private Ids() {}

  /**
   * The id after {@code lastId} in the same cluster, also when the wall clock stood still or
   * stepped back: then the id runs ahead of the clock, never behind itself.
   *
   * @param lastId the last id given in this cluster, 0 when there is none
   * @param wallMillis milliseconds since 1970-01-01Z
   * @param cluster number of the cluster, 0 to 1,023
   */
  public static long next(long lastId, long wallMillis, int cluster) {
    if (cluster < 0 || cluster >= MAX_CLUSTERS) {
      throw new IllegalArgumentException("cluster number out of range: " + cluster);
    }
    long millis = Math.clamp(wallMillis - ORIGIN_MILLIS, 0, MAX_MILLIS);
    long lastMillis = lastId >>> (COUNTER_BITS + CLUSTER_BITS);
    long first = compose(millis, cluster, 0);
    if (millis > lastMillis || first > lastId) {
      return first;
    }
    long counter = (lastId & ((1 << COUNTER_BITS) - 1)) + 1;
    if (counter < 1 << COUNTER_BITS) {
      return compose(lastMillis, cluster, counter);
    }
    return compose(lastMillis + 1, cluster, 0);
  }

  /** When the id was made, in milliseconds since 1970-01-01Z. */
  public static long millis(long id) {
    return (id >>> (COUNTER_BITS + CLUSTER_BITS)) + ORIGIN_MILLIS;
  }

  /** The number of the cluster that made the id. */
  public static int cluster(long id) {
    return (int) (id >>> COUNTER_BITS) & (MAX_CLUSTERS - 1);
  }

  private static long compose(long millis, int cluster, long counter) {
    return millis << (COUNTER_BITS + CLUSTER_BITS) | (long) cluster << COUNTER_BITS | counter;
  }
}
