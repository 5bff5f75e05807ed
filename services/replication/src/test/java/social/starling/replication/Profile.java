package social.starling.replication;

import java.util.EnumMap;
import java.util.Map;
import java.util.Set;

/**
 * What goes wrong in a run, and how often.
 *
 * @param name for traces
 * @param faultEveryMillis mean time between two faults; 0 for none
 * @param faults how much of each
 * @param noise what happens to messages all the time
 * @param strike share of the coordinator's changes at which a fault strikes those concerned
 * @param torn share of steps of a member in which its process dies between two effects
 * @param lastVolume share of lost volumes that may be the last recorded one
 * @param writers clients that write
 * @param thinkMillis mean time between an answer and the next write of a client
 */
record Profile(
    String name,
    int faultEveryMillis,
    Map<Fault, Integer> faults,
    Noise noise,
    double strike,
    double torn,
    double lastVolume,
    int writers,
    int thinkMillis) {

  /** One thing that goes wrong. */
  enum Fault {
    /** kill -9, started again at once. */
    CRASH_QUICK,
    /** kill -9, started again later. */
    CRASH_SLOW,
    CRASH_BOTH,
    LOSE_VOLUME,
    /** kill -STOP, and -CONT later. */
    PAUSE,
    /** The process or its disk stands still for less than a silence. */
    HICCUP,
    CUT_ONE_WAY,
    CUT_PAIR,
    ISOLATE,
    /** What is sent in one direction stands still for a while, and then comes all at once. */
    HOLD,
    LINK_BREAK,
    /** The member's connections break, to its peer and to the coordinator. It lives. */
    FALSE_ALARM,
    /** The coordinator does not hear a member for so long that it takes it for lost. */
    UNHEARD,
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

  /**
   * What happens to messages all the time.
   *
   * @param loss share of messages between the members that are lost
   * @param repeat share that arrives twice
   * @param late share that is held back, so that messages change order
   * @param lateMillis how late a message can be
   * @param requestLoss share of requests to the coordinator, and of its answers, that are lost
   * @param requestLate share of them that are held back or repeated
   */
  record Noise(
      double loss,
      double repeat,
      double late,
      int lateMillis,
      double requestLoss,
      double requestLate) {}

  private static final Noise NO_NOISE = new Noise(0, 0, 0, 0, 0, 0);

  /** Nothing goes wrong. */
  static final Profile CALM = new Profile("calm", 0, Map.of(), NO_NOISE, 0, 0, 0, 4, 10);

  /** A loaded machine: processes and disks stand still for less than a silence. No fault. */
  static final Profile BUSY =
      new Profile("busy", 300, only(Map.of(Fault.HICCUP, 1)), NO_NOISE, 0, 0, 0, 6, 5);

  /** Nothing goes wrong but what a {@link Director} does. */
  static final Profile QUIET =
      new Profile("quiet", 1_000, only(Map.of(Fault.WALL_CLOCK, 1)), NO_NOISE, 0, 0, 0, 3, 10);

  /** One fault at a time, over connections that keep their order. */
  static final Profile ONE_FAULT =
      new Profile("one fault", 2_500, all(2), NO_NOISE, 0, 0, 0, 3, 25);

  /** Everything at once. */
  static final Profile CHAOS =
      new Profile(
          "chaos",
          350,
          all(2),
          new Noise(0.02, 0.02, 0.05, 800, 0.1, 0.2),
          0.1,
          0.0005,
          0.05,
          3,
          30);

  /** Requests and answers are lost, late and repeated; whoever asked is struck. */
  static final Profile COORDINATOR =
      new Profile(
          "coordinator trouble",
          400,
          with(
              Map.of(
                  Fault.COORDINATOR_DOWN, 8,
                  Fault.COORDINATOR_SLOW, 8,
                  Fault.CRASH_QUICK, 6,
                  Fault.FALSE_ALARM, 6,
                  Fault.HANDOVER, 5,
                  Fault.PAUSE, 4)),
          new Noise(0.005, 0.005, 0.02, 4_000, 0.25, 0.4),
          0.3,
          0.0002,
          0.05,
          3,
          30);

  /** Disks are slow, hang and fail; journals are trimmed. */
  static final Profile DISKS =
      new Profile(
          "slow disks",
          350,
          with(
              Map.of(
                  Fault.DISK_SLOW, 8,
                  Fault.DISK_HANG, 8,
                  Fault.DISK_FAIL, 4,
                  Fault.CRASH_QUICK, 6,
                  Fault.HOLD, 4,
                  Fault.TRIM, 6)),
          new Noise(0.005, 0.005, 0.01, 300, 0.02, 0.05),
          0.05,
          0.001,
          0.05,
          4,
          15);

  /** Processes die and are back before anybody has noticed. */
  static final Profile RESTARTS =
      new Profile(
          "quick restarts",
          220,
          with(
              Map.of(
                  Fault.CRASH_QUICK, 14,
                  Fault.CRASH_BOTH, 4,
                  Fault.HANDOVER, 4,
                  Fault.HOLD, 4,
                  Fault.CUT_ONE_WAY, 3)),
          new Noise(0.01, 0.02, 0.05, 1_500, 0.05, 0.1),
          0.1,
          0.001,
          0.05,
          3,
          20);

  /** Members that live are taken for dead: two believe to be master. */
  static final Profile FALSE_ALARMS =
      new Profile(
          "false alarms",
          250,
          with(
              Map.of(
                  Fault.FALSE_ALARM, 16,
                  Fault.UNHEARD, 8,
                  Fault.CRASH_QUICK, 6,
                  Fault.PAUSE, 6,
                  Fault.HANDOVER, 3)),
          new Noise(0.005, 0.01, 0.03, 500, 0.05, 0.1),
          0.3,
          0.0005,
          0.05,
          5,
          10);

  /** Volumes are lost and journals are trimmed, so that full copies are made. */
  static final Profile COPIES =
      new Profile(
          "full copies",
          200,
          with(
              Map.of(
                  Fault.TRIM, 25,
                  Fault.LOSE_VOLUME, 6,
                  Fault.CUT_PAIR, 5,
                  Fault.HOLD, 5,
                  Fault.CRASH_QUICK, 5)),
          new Noise(0.03, 0.05, 0.1, 1_500, 0.05, 0.1),
          0.1,
          0.001,
          0.3,
          3,
          20);

  /** Suspicions that a slow coordinator acts on when they are over. */
  static final Profile SUSPICIONS =
      new Profile(
          "suspicions",
          200,
          only(
              Map.of(
                  Fault.FALSE_ALARM, 6,
                  Fault.COORDINATOR_SLOW, 4,
                  Fault.CUT_ONE_WAY, 2,
                  Fault.CRASH_QUICK, 1)),
          new Noise(0, 0.01, 0.02, 500, 0.05, 0.5),
          0.3,
          0,
          0,
          5,
          10);

  /** Handovers whose requests, answers and acknowledgements are late. */
  static final Profile HANDOVERS =
      new Profile(
          "handovers",
          150,
          only(
              Map.of(
                  Fault.HANDOVER, 12,
                  Fault.FALSE_ALARM, 6,
                  Fault.HOLD, 3,
                  Fault.COORDINATOR_SLOW, 2,
                  Fault.CUT_ONE_WAY, 2,
                  Fault.CRASH_QUICK, 3)),
          new Noise(0, 0.05, 0.1, 400, 0.1, 0.2),
          0.3,
          0.0005,
          0,
          5,
          10);

  /**
   * Entries that a crash loses on the master but not on the slave, and acknowledgements of them.
   */
  static final Profile LATE_ACKS =
      new Profile(
          "late acknowledgements",
          150,
          only(
              Map.of(
                  Fault.CRASH_QUICK, 8,
                  Fault.DISK_SLOW, 5,
                  Fault.HOLD, 5,
                  Fault.FALSE_ALARM, 2,
                  Fault.TRIM, 1)),
          new Noise(0.01, 0.05, 0.15, 1_500, 0.05, 0.1),
          0.2,
          0.001,
          0,
          5,
          10);

  /** A member that is taken for lost lives on, and who took over loses its volume. */
  static final Profile LOST_VOLUMES =
      new Profile(
          "lost volumes",
          300,
          only(Map.of(Fault.UNHEARD, 4, Fault.LOSE_VOLUME, 6, Fault.FALSE_ALARM, 1)),
          new Noise(0, 0.01, 0.02, 500, 0.05, 0.1),
          0.1,
          0,
          1,
          5,
          10);

  /** A slave that comes and goes, a journal that is trimmed, and late words about both. */
  static final Profile FLAPPING =
      new Profile(
          "flapping",
          60,
          only(Map.of(Fault.CRASH_QUICK, 6, Fault.TRIM, 24, Fault.LINK_BREAK, 3)),
          new Noise(0.1, 0.5, 0.4, 700, 0, 0),
          0,
          0,
          0,
          5,
          10);

  /** A pair among others: all faults, so many that it often serves in between. */
  static final Profile PAIR =
      new Profile(
          "pair",
          1_500,
          with(
              Map.of(
                  Fault.CRASH_QUICK, 4,
                  Fault.CRASH_SLOW, 3,
                  Fault.TRIM, 8,
                  Fault.CUT_PAIR, 3,
                  Fault.FALSE_ALARM, 3,
                  Fault.HANDOVER, 3)),
          new Noise(0.003, 0.01, 0.02, 300, 0.05, 0.1),
          0.05,
          0.0002,
          0,
          0,
          0);

  private static final Profile[] MIX = {
    CHAOS, ONE_FAULT, RESTARTS, COORDINATOR, DISKS, FALSE_ALARMS, COPIES, CHAOS
  };

  /** The mix of an ordinary run: a seed takes one in turn. */
  static Profile of(long seed) {
    return MIX[Math.floorMod(seed, MIX.length)];
  }

  private static Map<Fault, Integer> all(int weight) {
    Map<Fault, Integer> weights = new EnumMap<>(Fault.class);
    for (Fault fault : Fault.values()) {
      weights.put(fault, weight);
    }
    weights.put(Fault.LOSE_VOLUME, 1);
    return weights;
  }

  /** Whether nothing happens at which a member may be taken for lost. */
  boolean faultless() {
    return faults.isEmpty() || faults.keySet().equals(Set.of(Fault.HICCUP));
  }

  private static Map<Fault, Integer> only(Map<Fault, Integer> weights) {
    return weights;
  }

  private static Map<Fault, Integer> with(Map<Fault, Integer> more) {
    Map<Fault, Integer> weights = all(1);
    weights.putAll(more);
    return weights;
  }
}
