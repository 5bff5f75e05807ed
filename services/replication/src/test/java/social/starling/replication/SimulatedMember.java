package social.starling.replication;

/** A place in the cluster: its clocks, its disk, its volume and at most one process. */
final class SimulatedMember {

  private final Simulation simulation;
  private final int index;
  private final String name;
  private final long origin;
  private final double rate;
  private long wallOffset;
  private SimulatedVolume volume;
  private SimulatedProcess process;
  private int processes;
  private long slowUntil;
  private long hangUntil;
  private boolean failNext;

  SimulatedMember(
      Simulation simulation, int index, String name, long origin, double rate, long wallOffset) {
    this.simulation = simulation;
    this.index = index;
    this.name = name;
    this.origin = origin;
    this.rate = rate;
    this.wallOffset = wallOffset;
  }

  int index() {
    return index;
  }

  String name() {
    return name;
  }

  /** This machine's monotonic clock, in nanoseconds. */
  long clock() {
    return origin + (long) (simulation.now() * rate);
  }

  long wallMillis() {
    return Ids.ORIGIN_MILLIS + 60_000_000_000L + simulation.now() / 1_000_000 + wallOffset;
  }

  void setWall(long millis) {
    wallOffset = millis;
  }

  SimulatedVolume volume() {
    return volume;
  }

  void mount(SimulatedVolume mounted) {
    volume = mounted;
  }

  /** The live process, or null. */
  SimulatedProcess process() {
    return process;
  }

  SimulatedProcess start() {
    process = new SimulatedProcess(simulation, this, name + "-" + ++processes);
    return process;
  }

  void stopped() {
    process = null;
  }

  // The disk.

  void slowDisk(long until) {
    slowUntil = until;
  }

  void hangDisk(long until) {
    hangUntil = until;
  }

  void failDisk() {
    failNext = true;
  }

  void healDisk() {
    slowUntil = 0;
    hangUntil = 0;
    failNext = false;
  }

  long hangs() {
    return hangUntil;
  }

  long fsyncNanos() {
    long now = simulation.now();
    long usual = 100_000 + simulation.random().nextLong(1_500_000);
    if (now < hangUntil) {
      return hangUntil - now + usual;
    }
    return now < slowUntil ? usual + simulation.random().nextLong(400_000_000L) : usual;
  }

  boolean fsyncFails() {
    boolean fails = failNext;
    failNext = false;
    return fails;
  }
}
