package social.starling.coordinator;

import java.util.BitSet;

/** The masters of clusters, as far as they are asked for slots. Thread-safe. */
interface Masters {

  /**
   * What came of a request to give up slots.
   *
   * @param released those of the asked that the cluster does not take new names in any longer
   * @param used slots in which users live; they are never given up
   */
  record Released(BitSet released, BitSet used) {}

  /** Whether the master of the cluster is heard, and open. */
  boolean canAsk(RecordedCluster cluster);

  /**
   * Asks the master to give up slots, durably.
   *
   * @param version of the release: no effect unless it is above what the cluster knows
   * @throws Refusal with a sentence when there is no answer; then it may have happened, or may yet
   */
  Released release(RecordedCluster cluster, long version, BitSet slots);
}
