package social.starling.replication;

import java.util.EnumMap;
import java.util.Map;

/**
 * What goes wrong in a run, and how often.
 *
 * @param name for traces
 * @param faultEveryMillis mean time between two faults; 0 for none
 * @param faults how much of each
 * @param loss share of messages between the members that are lost
 * @param repeat share that arrives twice
 * @param late share that is held back, up to {@code lateMillis}; so messages change order
 * @param lateMillis how late a message can be
 * @param requestLoss share of requests to the coordinator, and of its answers, that are lost
 * @param requestLate share of them that are held back, up to {@code lateMillis}, or repeated
 * @param tornCrash share of steps of a member in which its process dies between two effects
 * @param writers clients that write
 * @param thinkMillis mean time between an answer and the next write of a client
 */
record Profile(
    String name,
    int faultEveryMillis,
    Map<Fault, Integer> faults,
    double loss,
    double repeat,
    double late,
    int lateMillis,
    double requestLoss,
    double requestLate,
    double tornCrash,
    int writers,
    int thinkMillis) {

  /** One thing that goes wrong. */
  enum Fault {
    CRASH_QUICK,
    CRASH_SLOW,
    CRASH_BOTH,
    LOSE_VOLUME,
    PAUSE,
    CUT_ONE_WAY,
    CUT_PAIR,
    ISOLATE,
    LINK_BREAK,
    COORDINATOR_DOWN,
    COORDINATOR_SLOW,
    DISK_SLOW,
    DISK_HANG,
    DISK_FAIL,
    WALL_CLOCK,
    TRIM,
    HANDOVER,
    LEAVE
  }

  static final Profile CALM =
      new Profile("calm", 0, Map.of(), 0, 0, 0, 0, 0, 0, 0, 4, 20);

  static final Profile ONE_FAULT =
      new Profile(
          "one fault", 3_000, all(3), 0, 0, 0, 0, 0.01, 0.02, 0, 3, 25);

  static final Profile CHAOS =
      new Profile(
          "chaos", 350, all(3), 0.02, 0.02, 0.05, 800, 0.1, 0.2, 0.0005, 3, 30);

  static final Profile COORDINATOR =
      new Profile(
          "coordinator trouble",
          500,
          with(
              all(1),
              Map.of(
                  Fault.COORDINATOR_DOWN, 8,
                  Fault.COORDINATOR_SLOW, 8,
                  Fault.CRASH_QUICK, 6,
                  Fault.HANDOVER, 5,
                  Fault.PAUSE, 4)),
          0.005,
          0.005,
          0.02,
          4_000,
          0.25,
          0.4,
          0.0002,
          3,
          30);

  static final Profile DISKS =
      new Profile(
          "slow disks",
          400,
          with(
              all(1),
              Map.of(
                  Fault.DISK_SLOW, 8,
                  Fault.DISK_HANG, 8,
                  Fault.DISK_FAIL, 4,
                  Fault.CRASH_QUICK, 6,
                  Fault.TRIM, 5)),
          0.005,
          0.005,
          0.01,
          300,
          0.02,
          0.05,
          0.001,
          4,
          15);

  static final Profile RESTARTS =
      new Profile(
          "quick restarts",
          250,
          with(
              all(1),
              Map.of(
                  Fault.CRASH_QUICK, 14,
                  Fault.CRASH_BOTH, 4,
                  Fault.HANDOVER, 4,
                  Fault.CUT_ONE_WAY, 3)),
          0.01,
          0.02,
          0.05,
          1_500,
          0.05,
          0.1,
          0.001,
          3,
          20);

  /** The mix of an ordinary run; a seed takes one in turn. */
  static Profile of(long seed) {
    Profile[] mix = {CHAOS, ONE_FAULT, RESTARTS, COORDINATOR, DISKS, CHAOS, RESTARTS};
    return mix[(int) Math.floorMod(seed, mix.length)];
  }

  static Map<Fault, Integer> all(int weight) {
    Map<Fault, Integer> weights = new EnumMap<>(Fault.class);
    for (Fault fault : Fault.values()) {
      weights.put(fault, weight);
    }
    weights.put(Fault.LOSE_VOLUME, Math.max(1, weight / 2));
    return weights;
  }

  static Map<Fault, Integer> with(Map<Fault, Integer> base, Map<Fault, Integer> more) {
    Map<Fault, Integer> weights = new EnumMap<>(base);
    weights.putAll(more);
    return weights;
  }
}
