package social.starling.replication;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Supplier;
import social.starling.replication.Counts.Seen;
import social.starling.replication.Event.Hearing;
import social.starling.replication.Profile.Fault;
import social.starling.replication.SimulatedProcess.Attempt;

/**
 * A cluster of two, its coordinator and its clients in virtual time. Everything that happens
 * follows from the seed.
 *
 * <p>A run has a phase with faults and then heals: links, disks, coordinator and processes come
 * back, and the cluster must come to acknowledge new writes, on two members.
 */
final class Simulation {

  static final long MILLI = 1_000_000L;
  private static final String[] NAMES = {"a", "b"};

  private final long seed;
  private final Profile profile;
  private final Plant plant;
  private final Director director;
  private final Consumer<String> trace;
  private final SplittableRandom random;
  private final VirtualTime time;
  private final int number;
  private final Supplier<Stored> stored;
  private final Counts counts = new Counts();
  private final CommittedHistory history = new CommittedHistory();
  private final SimulatedMember[] members = new SimulatedMember[2];
  private final List<SimulatedClient> clients = new ArrayList<>();
  private final SimulatedCoordinator coordinator;
  private final Map<Long, String> actors = new HashMap<>();
  private final List<Event.Dead> dead = new ArrayList<>();
  private final Fault[] wheel;
  private final int minInSync;

  private int volumes;
  private long downUntil;
  private boolean faulty = true;
  private long written;
  private boolean writing = true;

  // Links: to the other member, to the coordinator, from the coordinator.
  private final long[] cutToPeer = new long[2];
  private final long[] cutToCoordinator = new long[2];
  private final long[] cutFromCoordinator = new long[2];
  private final long[] heldUntil = new long[2];
  private final long[] lastArrival = new long[2];

  private final long[] nextHiccup = new long[2];

  // The coordinator's process.
  private boolean coordinatorUp = true;
  private int coordinatorRun;
  private long coordinatorStartedAt;
  private long coordinatorSlowUntil;
  private final long[] heardAt = new long[2];
  private final boolean[] sessionBroken = new boolean[2];

  Simulation(long seed, Profile profile, Plant plant, Consumer<String> trace) {
    this(new VirtualTime(), 7, () -> Stored.NONE, seed, profile, plant, trace);
  }

  /**
   * @param number of the cluster
   * @param stored what a new volume holds
   */
  Simulation(
      VirtualTime time,
      int number,
      Supplier<Stored> stored,
      long seed,
      Profile profile,
      Plant plant,
      Consumer<String> trace) {
    this.time = time;
    this.number = number;
    this.stored = stored;
    this.seed = seed;
    this.profile = profile;
    this.plant = plant;
    director = plant.director();
    this.trace = trace;
    this.random = new SplittableRandom(seed * 0x9E3779B97F4A7C15L + 1);
    List<Fault> sectors = new ArrayList<>();
    for (Fault fault : Fault.values()) {
      for (int i = 0; i < profile.faults().getOrDefault(fault, 0); i++) {
        sectors.add(fault);
      }
    }
    wheel = sectors.toArray(Fault[]::new);
    minInSync = !profile.faultless() && random.nextInt(10) == 0 ? 2 : 1;
    for (int i = 0; i < 2; i++) {
      members[i] =
          new SimulatedMember(
              this, i, NAMES[i], origin(), 0.95 + random.nextDouble() * 0.1, wallOffset());
      members[i].mount(newVolume(members[i]));
    }
    coordinator =
        plant.coordinator(
            new Configuration(
                1,
                "a",
                "a-1",
                random.nextBoolean()
                    ? Map.of("a", members[0].volume().id(), "b", members[1].volume().id())
                    : Map.of("a", members[0].volume().id()),
                false,
                "",
                ""),
            counts);
  }

  private long origin() {
    return switch (random.nextInt(5)) {
      case 0 -> random.nextLong();
      case 1 -> -random.nextLong(100_000 * MILLI);
      case 2 -> Long.MAX_VALUE - random.nextLong(10_000 * MILLI);
      default -> random.nextLong(1_000_000_000 * MILLI);
    };
  }

  private long wallOffset() {
    return random.nextLong(-3_600_000, 3_600_000);
  }

  // ---------------------------------------------------------------- what the parts use

  SplittableRandom random() {
    return random;
  }

  long now() {
    return time.now();
  }

  Counts counts() {
    return counts;
  }

  CommittedHistory history() {
    return history;
  }

  Plant plant() {
    return plant;
  }

  boolean writing() {
    return writing;
  }

  void countWritten() {
    written++;
  }

  boolean faulty() {
    return faulty;
  }

  long think() {
    return random.nextLong(2L * profile.thinkMillis() * MILLI);
  }

  SimulatedMember other(SimulatedMember member) {
    return members[1 - member.index()];
  }

  Options options(SimulatedMember member, String instance) {
    return new Options(
        member.name(),
        other(member).name(),
        instance,
        number,
        100 * MILLI,
        1_000 * MILLI,
        300 * MILLI,
        minInSync,
        1 << 16,
        512,
        4096,
        4096);
  }

  void at(long moment, Runnable action) {
    time.at(moment, action);
  }

  void after(long delay, Runnable action) {
    time.after(delay, action);
  }

  String newVolumeId(SimulatedMember member) {
    return member.name() + "v" + ++volumes;
  }

  SimulatedVolume newVolume(SimulatedMember member) {
    return newVolume(newVolumeId(member));
  }

  SimulatedVolume newVolume(String id) {
    return new SimulatedVolume(id, stored.get());
  }

  boolean tearsNow() {
    return faulty && profile.torn() > 0 && random.nextDouble() < profile.torn();
  }

  void trace(SimulatedMember member, Object what) {
    if (trace != null) {
      note(member.name() + (what instanceof Effect ? "  -> " : " <-  ") + what);
    }
  }

  private void note(String what) {
    if (trace != null) {
      trace.accept("%11.6f %s".formatted(now() / 1e9, what));
    }
  }

  // ---------------------------------------------------------------- the run

  /** Runs to the end, or throws a {@link Violation}. */
  Counts run(int faultyEvents) {
    begin();
    for (int i = 0; i < profile.writers(); i++) {
      SimulatedClient client = new SimulatedClient(this, "c" + i, i == 0);
      clients.add(client);
      after(think(), client::write);
    }
    read();
    if (wheel.length > 0) {
      harm();
    }
    while (time.events() < faultyEvents) {
      step();
    }
    if (!profile.faultless()) {
      heal();
    }
    counts.add(Seen.EVENTS, time.events());
    return counts;
  }

  /** The processes start. */
  void begin() {
    for (SimulatedMember member : members) {
      startProcess(member);
      tick(member, 0);
    }
    coordinatorTick();
  }

  /** Faults happen from now on. */
  void harm() {
    after(faultGap(), this::fault);
  }

  private void step() {
    time.step();
    director.after(this);
  }

  private long faultGap() {
    return random.nextLong(2L * profile.faultEveryMillis() * MILLI);
  }

  private void startProcess(SimulatedMember member) {
    SimulatedProcess process = member.start();
    note(member.name() + " starts as " + process.instance() + " on " + member.volume().id());
    process.deliver(new Event.Tick());
  }

  private void tick(SimulatedMember member, int phase) {
    SimulatedProcess process = member.process();
    int i = member.index();
    if (process != null && !process.paused()) {
      process.deliver(new Event.Tick());
      process = member.process();
      if (process != null && phase % 2 == 0) {
        if (coordinatorUp && now() >= cutToCoordinator[i]) {
          heardAt[i] = now();
          sessionBroken[i] = false;
        }
        if (random.nextInt(8) == 0) {
          process.checkpoint();
        }
      }
    }
    after(40 * MILLI + random.nextLong(20 * MILLI), () -> tick(member, phase + 1));
  }

  /** A read in a thread of its own: it sees the state, and asks the permit later. */
  private void read() {
    after(random.nextLong(20 * MILLI), this::read);
    SimulatedProcess process = members[random.nextInt(2)].process();
    if (process != null && !process.paused()) {
      read(process);
    }
  }

  /** Also called between two effects: readers do not wait for the replica's thread. */
  void read(SimulatedProcess process) {
    SimulatedMember reader = members[0].process() == process ? members[0] : members[1];
    long readAt = reader.clock();
    long seen = process.applied();
    long owed = history.acknowledged();
    long delay =
        switch (random.nextInt(20)) {
          case 0 -> random.nextLong(2_000 * MILLI);
          case 1, 2, 3 -> random.nextLong(2 * MILLI);
          default -> 0;
        };
    if (delay == 0) {
      answerRead(process, readAt, seen, owed);
    } else {
      after(delay, () -> answerRead(process, readAt, seen, owed));
    }
  }

  private void answerRead(SimulatedProcess process, long readAt, long seen, long owed) {
    if (process.gone()) {
      return;
    }
    if (process.paused()) {
      at(process.pausedUntil(), () -> answerRead(process, readAt, seen, owed));
      return;
    }
    switch (process.replica().permit().check(readAt)) {
      case YES -> {
        counts.add(Seen.READS);
        if (seen < owed) {
          throw new Violation(
              Invariant.READ_SEES_ACKNOWLEDGED,
              "%s answers a read of %d entries; %d were acknowledged before it"
                  .formatted(process.instance(), seen, owed));
        }
      }
      case WAIT, NO -> {}
    }
  }

  // ---------------------------------------------------------------- clients

  void submit(int target, Attempt attempt) {
    after(
        100_000 + random.nextLong(MILLI),
        () -> {
          SimulatedProcess process = members[target].process();
          if (process == null) {
            refuse(attempt);
          } else {
            process.deliver(attempt);
          }
        });
  }

  void refuse(Attempt attempt) {
    after(100_000 + random.nextLong(MILLI), () -> attempt.client().refused(attempt.request()));
  }

  void answer(Attempt attempt, long index) {
    if (faulty && profile.noise().loss() > 0 && random.nextInt(20) == 0) {
      return;
    }
    after(100_000 + random.nextLong(MILLI), () -> attempt.client().done(attempt.request(), index));
  }

  // ---------------------------------------------------------------- the network

  boolean connected(SimulatedMember one, SimulatedMember two) {
    return now() >= cutToPeer[one.index()] && now() >= cutToPeer[two.index()];
  }

  void send(SimulatedMember from, Message message) {
    int i = from.index();
    if (now() < cutToPeer[i] || faulty && random.nextDouble() < profile.noise().loss()) {
      return;
    }
    transmit(from, message);
    if (faulty && random.nextDouble() < profile.noise().repeat()) {
      transmit(from, message);
    }
  }

  private void transmit(SimulatedMember from, Message message) {
    int i = from.index();
    long arrival = now() + 30_000 + random.nextLong(400_000);
    if (faulty && random.nextDouble() < profile.noise().late()) {
      arrival += random.nextLong(profile.noise().lateMillis() * MILLI);
    } else {
      arrival = Math.max(arrival, Math.max(lastArrival[i] + 1, heldUntil[i]));
      lastArrival[i] = arrival;
    }
    at(
        arrival,
        () -> {
          SimulatedProcess process = other(from).process();
          if (process != null && now() >= cutToPeer[i]) {
            process.deliver(new Event.Received(message));
          }
        });
  }

  // ---------------------------------------------------------------- the coordinator

  private long coordinatorDelay() {
    long delay = 100_000 + random.nextLong(MILLI);
    if (faulty && now() < coordinatorSlowUntil) {
      delay += random.nextLong(1_500 * MILLI);
    }
    if (faulty && random.nextDouble() < profile.noise().requestLate()) {
      delay += random.nextLong(profile.noise().lateMillis() * MILLI + 1);
    }
    return delay;
  }

  private boolean requestLost() {
    return faulty && random.nextDouble() < profile.noise().requestLoss();
  }

  void ask(SimulatedProcess process, SimulatedMember member, Request request) {
    String volume = member.volume().id();
    int copies = faulty && random.nextDouble() < profile.noise().requestLate() ? 2 : 1;
    for (int copy = 0; copy < copies; copy++) {
      if (now() < cutToCoordinator[member.index()] || requestLost()) {
        continue;
      }
      after(coordinatorDelay(), () -> execute(process, member, volume, request));
    }
  }

  private void execute(
      SimulatedProcess process, SimulatedMember member, String volume, Request request) {
    if (!coordinatorUp) {
      return;
    }
    boolean done =
        coordinator.reconfigure(
            member.name(), other(member).name(), volume, process.instance(), request);
    note("coordinator: %s by %s: %s".formatted(request, process.instance(), done));
    if (done) {
      note("coordinator: " + coordinator.current());
      if (profile.faultless() && !(request instanceof Request.Expand)) {
        throw new Violation(
            Invariant.NO_FALSE_FAILOVER, "%s by %s".formatted(request, process.instance()));
      }
      checkChange();
      for (SimulatedMember each : members) {
        push(each);
      }
      if (faulty && random.nextDouble() < profile.strike()) {
        strike(member);
      }
    }
    if (!requestLost() && now() >= cutFromCoordinator[member.index()]) {
      Configuration answer = coordinator.current();
      after(coordinatorDelay(), () -> process.deliver(new Event.Learned(answer)));
    }
  }

  private void push(SimulatedMember member) {
    if (!coordinatorUp || now() < cutFromCoordinator[member.index()] || requestLost()) {
      return;
    }
    Configuration pushed = coordinator.current();
    SimulatedProcess process = member.process();
    if (process != null) {
      after(coordinatorDelay(), () -> process.deliver(new Event.Learned(pushed)));
    }
  }

  private void coordinatorTick() {
    after(100 * MILLI, this::coordinatorTick);
    for (SimulatedMember member : members) {
      SimulatedProcess process = member.process();
      if (process == null) {
        continue;
      }
      if (!coordinatorUp || now() < cutFromCoordinator[member.index()]) {
        if (process.told() != Hearing.UNKNOWN) {
          process.tell(Hearing.UNKNOWN, -1);
        }
        continue;
      }
      if (process.toldBy() != coordinatorRun) {
        push(member);
        dead.stream()
            .filter(each -> !each.member().equals(member.name()))
            .filter(each -> random.nextInt(3) == 0)
            .forEach(each -> after(coordinatorDelay(), () -> process.deliver(each)));
      } else if (random.nextInt(faulty ? 20 : 2) == 0) {
        push(member);
      }
      tellHearing(member);
    }
  }

  private void tellHearing(SimulatedMember member) {
    SimulatedProcess process = member.process();
    Hearing hearing = hearing(1 - member.index());
    if (process != null
        && coordinatorUp
        && now() >= cutFromCoordinator[member.index()]
        && (process.told() != hearing || process.toldBy() != coordinatorRun)) {
      process.tell(hearing, coordinatorRun);
    }
  }

  private Hearing hearing(int member) {
    long silence = now() - Math.max(heardAt[member], coordinatorStartedAt);
    if (silence > 3_000 * MILLI) {
      return Hearing.LOST;
    }
    return sessionBroken[member] || silence > 1_000 * MILLI ? Hearing.SUSPECTED : Hearing.HEARD;
  }

  // ---------------------------------------------------------------- faults

  private void fault() {
    if (!faulty) {
      return;
    }
    after(faultGap(), this::fault);
    Fault fault = wheel[random.nextInt(wheel.length)];
    if (fault == Fault.HANDOVER && !plant.handsOver()) {
      return;
    }
    SimulatedMember member = members[random.nextInt(2)];
    int i = member.index();
    SimulatedProcess process = member.process();
    note("fault: " + fault + " at " + member.name());
    switch (fault) {
      case CRASH_QUICK -> crash(member, true);
      case CRASH_SLOW -> crash(member, false);
      case CRASH_BOTH -> {
        crash(members[0], random.nextBoolean());
        crash(members[1], random.nextBoolean());
      }
      case LOSE_VOLUME -> loseVolume(member);
      case PAUSE -> {
        if (process != null) {
          counts.add(Seen.PAUSES);
          process.pause(now() + duration(3_000));
        }
      }
      case HICCUP -> {
        if (now() < nextHiccup[i]) {
          return;
        }
        nextHiccup[i] = now() + 2_000 * MILLI;
        long until = now() + random.nextLong(400 * MILLI);
        if (process != null && random.nextBoolean()) {
          process.pause(until);
        } else {
          member.slowDisk(until);
        }
      }
      case CUT_ONE_WAY -> {
        counts.add(Seen.CUTS);
        long until = now() + duration(3_000);
        switch (random.nextInt(3)) {
          case 0 -> cutToPeer[i] = until;
          case 1 -> cutToCoordinator[i] = until;
          default -> cutFromCoordinator[i] = until;
        }
      }
      case CUT_PAIR -> {
        counts.add(Seen.CUTS);
        long until = now() + duration(3_000);
        cutToPeer[0] = until;
        cutToPeer[1] = until;
      }
      case ISOLATE -> {
        counts.add(Seen.CUTS);
        long until = now() + duration(4_000);
        cutToPeer[0] = until;
        cutToPeer[1] = until;
        cutToCoordinator[i] = until;
        cutFromCoordinator[i] = until;
      }
      case HOLD -> heldUntil[i] = now() + duration(1_500);
      case FALSE_ALARM -> falseAlarm(i);
      case UNHEARD -> {
        cutToCoordinator[i] = now() + 3_000 * MILLI + duration(2_000);
        if (random.nextBoolean()) {
          cutFromCoordinator[i] = cutToCoordinator[i];
        }
        heardAt[i] = Math.min(heardAt[i], now() - random.nextLong(2_900 * MILLI));
      }
      case LINK_BREAK -> {
        if (process != null) {
          process.deliver(new Event.LinkBroken());
        }
      }
      case COORDINATOR_DOWN -> coordinatorDown();
      case COORDINATOR_SLOW -> coordinatorSlowUntil = now() + duration(3_000);
      case DISK_SLOW -> member.slowDisk(now() + duration(3_000));
      case DISK_HANG -> {
        counts.add(Seen.HANGS);
        member.hangDisk(now() + duration(4_000));
      }
      case DISK_FAIL -> member.failDisk();
      case WALL_CLOCK -> member.setWall(wallOffset());
      case TRIM -> {
        if (process != null && !process.paused()) {
          process.trim();
        }
      }
      case HANDOVER -> members().forEach(each -> each.deliver(new Event.HandoverWanted()));
      case LEAVE -> leave(member);
    }
  }

  private void falseAlarm(int i) {
    sessionBroken[i] = true;
    cutToCoordinator[i] = now() + duration(900);
    if (random.nextBoolean()) {
      cutFromCoordinator[i] = cutToCoordinator[i];
    }
    cutToPeer[i] = Math.max(cutToPeer[i], now() + duration(900));
    if (random.nextBoolean()) {
      cutToPeer[1 - i] = Math.max(cutToPeer[1 - i], cutToPeer[i]);
    }
    for (int each = 0; each < 2; each++) {
      SimulatedProcess process = members[each].process();
      if (process != null && (each != i || random.nextBoolean())) {
        process.deliver(new Event.LinkBroken());
      }
    }
    suspect(i);
  }

  /** A broken session is told at once. */
  private void suspect(int i) {
    after(coordinatorDelay(), () -> tellHearing(members[1 - i]));
  }

  /** The worst moment for a fault: something was decided, and nobody knows it yet. */
  private void strike(SimulatedMember asker) {
    SimulatedMember victim = random.nextInt(4) == 0 ? other(asker) : asker;
    int i = victim.index();
    note("strikes " + victim.name());
    switch (random.nextInt(7)) {
      case 0, 1 -> crash(victim, true);
      case 2 -> {
        cutToCoordinator[i] = now() + duration(2_000);
        cutFromCoordinator[i] = cutToCoordinator[i];
      }
      case 3 -> {
        cutToCoordinator[i] = now() + duration(2_000);
        cutFromCoordinator[i] = cutToCoordinator[i];
        cutToPeer[0] = now() + duration(2_000);
        cutToPeer[1] = cutToPeer[0];
      }
      case 4 -> falseAlarm(i);
      case 5 -> {
        if (victim.process() != null) {
          counts.add(Seen.PAUSES);
          victim.process().pause(now() + duration(2_000));
        }
      }
      default -> coordinatorDown();
    }
  }

  private List<SimulatedProcess> members() {
    List<SimulatedProcess> live = new ArrayList<>(2);
    for (SimulatedMember member : members) {
      if (member.process() != null) {
        live.add(member.process());
      }
    }
    return live;
  }

  private long duration(int maxMillis) {
    long most = random.nextInt(3) == 0 ? maxMillis * MILLI : maxMillis * MILLI / 6;
    return 10 * MILLI + random.nextLong(most);
  }

  private void coordinatorDown() {
    if (!coordinatorUp) {
      return;
    }
    counts.add(Seen.COORDINATOR_OUTAGES);
    coordinatorUp = false;
    after(duration(5_000), this::coordinatorBack);
  }

  void coordinatorBack() {
    if (!coordinatorUp) {
      coordinatorUp = true;
      coordinatorRun++;
      coordinatorStartedAt = now();
    }
  }

  private void leave(SimulatedMember member) {
    SimulatedProcess process = member.process();
    if (process == null) {
      return;
    }
    counts.add(Seen.LEAVES);
    if (plant.handsOver()) {
      process.deliver(new Event.HandoverWanted());
    }
    process.deliver(new Event.LeaveWanted());
    after(
        random.nextLong(1_500 * MILLI),
        () -> {
          if (member.process() == process) {
            crash(member, random.nextBoolean());
          }
        });
  }

  /** The process dies. It is started again by and by. */
  void crash(SimulatedMember member, boolean quick) {
    SimulatedProcess process = member.process();
    if (process == null) {
      return;
    }
    counts.add(Seen.CRASHES);
    note(member.name() + " crashes: " + process.instance());
    process.die();
    member.stopped();
    boolean reaped = random.nextInt(3) > 0;
    if (random.nextInt(4) > 0) {
      sessionBroken[member.index()] = true;
      suspect(member.index());
      SimulatedProcess peer = other(member).process();
      if (peer != null) {
        after(random.nextLong(2 * MILLI), () -> peer.deliver(new Event.LinkBroken()));
      }
    }
    if (reaped) {
      Event.Dead proof = new Event.Dead(member.name(), process.instance());
      dead.add(proof);
      long delay = random.nextInt(3) > 0 ? random.nextLong(5 * MILLI) : duration(4_000);
      after(
          delay,
          () -> {
            SimulatedProcess peer = other(member).process();
            if (peer != null) {
              counts.add(Seen.PROOFS_OF_DEATH);
              peer.deliver(proof);
            }
          });
    }
    long back = quick ? random.nextLong(60 * MILLI) : duration(6_000);
    after(back, () -> restart(member));
  }

  private void restart(SimulatedMember member) {
    if (now() < downUntil) {
      at(downUntil, () -> restart(member));
    } else if (member.process() == null) {
      startProcess(member);
    }
  }

  /** Both members are away until then. */
  void outage(long until) {
    note("both members are away");
    downUntil = until;
    for (SimulatedMember member : members) {
      crash(member, true);
    }
  }

  // What a director can do.

  SimulatedMember member(int index) {
    return members[index];
  }

  SimulatedCoordinator coordinator() {
    return coordinator;
  }

  long written() {
    return written;
  }

  /** The coordinator takes this member for lost, and the member hears nothing of anybody. */
  void hideFromCoordinator(int index, int millis) {
    note("directed: " + NAMES[index] + " is hidden from the coordinator");
    cutToCoordinator[index] = now() + millis * MILLI;
    cutFromCoordinator[index] = cutToCoordinator[index];
    cutToPeer[1 - index] = cutToCoordinator[index];
    heardAt[index] = now() - 3_000 * MILLI;
    coordinatorStartedAt = Math.min(coordinatorStartedAt, now() - 4_000 * MILLI);
  }

  /** The disk is gone; the next process hears its peer, and hears of nothing else. */
  void directVolumeLoss(int index) {
    note("directed: " + NAMES[index] + " loses its volume");
    crash(members[index], true);
    members[index].mount(newVolume(members[index]));
    cutFromCoordinator[index] = now() + 2_000 * MILLI;
    cutToPeer[index] = 0;
  }

  /** The disk is gone with all that it held. */
  private void loseVolume(SimulatedMember member) {
    boolean recorded = coordinator.current().hasInSync(member.name(), member.volume().id());
    SimulatedMember peer = other(member);
    boolean another = coordinator.current().hasInSync(peer.name(), peer.volume().id());
    if (recorded && !another && random.nextDouble() >= profile.lastVolume()) {
      return; // Nothing could be learned from a cluster that stays closed.
    }
    counts.add(Seen.VOLUME_LOSSES);
    crash(member, random.nextBoolean());
    member.mount(newVolume(member));
  }

  /** A full copy takes the place of what a member had. */
  void replaceVolume(SimulatedMember member, SimulatedVolume volume) {
    if (coordinator.current().hasInSync(member.name(), member.volume().id())) {
      throw new Violation(
          Invariant.RECORDED_VOLUME_KEPT,
          "%s gives up %s, which %s records"
              .formatted(member.name(), member.volume().id(), coordinator.current()));
    }
    note(member.name() + " has " + volume.id() + " in place of " + member.volume().id());
    member.mount(volume);
  }

  // ---------------------------------------------------------------- healing

  /** All faults end; processes that are down start. */
  void repair() {
    note("healing");
    faulty = false;
    downUntil = 0;
    for (int i = 0; i < 2; i++) {
      cutToPeer[i] = 0;
      cutToCoordinator[i] = 0;
      cutFromCoordinator[i] = 0;
      heldUntil[i] = 0;
      boolean hung = members[i].hangs() > now();
      members[i].healDisk();
      if (hung) {
        crash(members[i], true);
      }
    }
    for (SimulatedMember member : members) {
      restart(member);
    }
  }

  private void heal() {
    repair();
    if (masterReachesAll() && random.nextBoolean()) {
      coordinatorUp = false;
      awaitWrites(15_000, Invariant.WRITES_RESUME_ALONE, this::masterReachesAll);
    }
    coordinatorBack();
    awaitWrites(minInSync == 2 ? 60_000 : 15_000, Invariant.WRITES_RESUME, this::survives);
    long limit = now() + 40_000 * MILLI;
    while (survives() && coordinator.current().inSync().size() < 2 && now() < limit) {
      step();
    }
    if (survives() && coordinator.current().inSync().size() < 2) {
      throw new Violation(Invariant.PAIR_RESTORED, describe());
    }
  }

  private void awaitWrites(int millis, Invariant invariant, BooleanSupplier due) {
    long before = written;
    long limit = now() + millis * MILLI;
    while (due.getAsBoolean() && written < before + 2 * clients.size() && now() < limit) {
      step();
    }
    if (due.getAsBoolean() && written < before + 2 * clients.size()) {
      throw new Violation(invariant, describe());
    }
  }

  /**
   * With the coordinator away writes go on, if the master is open in the newest configuration and
   * everybody whom it counts is there.
   */
  private boolean masterReachesAll() {
    Configuration current = coordinator.current();
    SimulatedMember master = members[current.master().equals("a") ? 0 : 1];
    SimulatedMember slave = other(master);
    if (master.process() == null || slave.process() == null) {
      return false;
    }
    Replica replica = master.process().replica();
    String recorded = current.inSync().get(slave.name());
    boolean open =
        replica.role() == Role.OPEN && replica.configuration().epoch() == current.epoch();
    boolean same = Objects.equals(recorded, replica.counted());
    boolean there =
        recorded == null
            ? minInSync == 1
            : recorded.equals(slave.volume().id())
                && slave.process().replica().role() == Role.FOLLOWER;
    return open && same && there;
  }

  /** Whether a recorded volume is there. A late request of a lost member can take out the last. */
  boolean survives() {
    Configuration recorded = coordinator.current();
    return recorded.hasInSync("a", members[0].volume().id())
        || recorded.hasInSync("b", members[1].volume().id());
  }

  String describe() {
    StringBuilder text = new StringBuilder(coordinator.current().toString());
    for (SimulatedMember member : members) {
      SimulatedProcess process = member.process();
      text.append("; ").append(member.name()).append(": ");
      text.append(process == null ? "down" : process.replica().status());
    }
    return text.toString();
  }

  // ---------------------------------------------------------------- checks

  void check(SimulatedProcess process) {
    Replica replica = process.replica();
    if (replica.role().acts()) {
      long epoch = replica.configuration().epoch();
      if (process.acting() != epoch) {
        checkActs(process, epoch);
      }
    }
    for (SimulatedMember member : members) {
      checkSet(member);
      checkRecorded(member);
      checkRead(member);
    }
  }

  /** A read that is made at this moment, at any member that would answer it. */
  private void checkRead(SimulatedMember member) {
    SimulatedProcess process = member.process();
    if (process == null
        || process.applied() >= history.acknowledged()
        || process.paused()
        || process.replica().permit().check(member.clock()) != ReadPermit.Answer.YES) {
      return;
    }
    throw new Violation(
        Invariant.READ_SEES_ACKNOWLEDGED,
        "%s would answer a read of %d entries; %d were acknowledged before it"
            .formatted(process.instance(), process.applied(), history.acknowledged()));
  }

  private void checkActs(SimulatedProcess process, long epoch) {
    SimulatedMember member = members[0].process() == process ? members[0] : members[1];
    String before = actors.put(epoch, process.instance());
    if (before != null && !before.equals(process.instance())) {
      throw new Violation(
          Invariant.ONE_MASTER,
          "%s and %s act in epoch %d".formatted(before, process.instance(), epoch));
    }
    String volume = member.volume().id();
    boolean recorded = coordinator.at(epoch).hasInSync(member.name(), volume);
    boolean was = epoch == 1 || coordinator.at(epoch - 1).hasInSync(member.name(), volume);
    if (!recorded || !was) {
      throw new Violation(
          Invariant.PROMOTED_FROM_SET,
          "%s acts with %s; %s, then %s"
              .formatted(
                  process.instance(), volume, coordinator.at(epoch - 1), coordinator.at(epoch)));
    }
    process.acts(epoch);
  }

  private void checkSet(SimulatedMember member) {
    SimulatedProcess process = member.process();
    if (process == null || !process.replica().role().acts()) {
      return;
    }
    Configuration current = coordinator.current();
    String recorded = current.inSync().get(other(member).name());
    if (recorded == null || recorded.equals(process.replica().counted())) {
      return;
    }
    for (long epoch = process.replica().configuration().epoch();
        epoch <= current.epoch();
        epoch++) {
      if (!coordinator.at(epoch).master().equals(member.name())) {
        return;
      }
    }
    if (current.masterInstance().equals(process.instance())) {
      throw new Violation(
          Invariant.SET_WITHIN_COUNTED,
          "%s counts %s, but %s".formatted(member.name(), process.replica().counted(), current));
    }
  }

  private void checkRecorded(SimulatedMember member) {
    SimulatedVolume volume = member.volume();
    if (coordinator.current().hasInSync(member.name(), volume.id())
        && volume.holds(history) < history.size()) {
      throw new Violation(
          Invariant.NEVER_LOST,
          "%s holds %d of %d committed entries and is recorded in %s"
              .formatted(
                  volume.id(), volume.holds(history), history.size(), coordinator.current()));
    }
  }

  private void checkChange() {
    for (SimulatedMember member : members) {
      checkSet(member);
      checkRecorded(member);
    }
  }

  @Override
  public String toString() {
    return "seed %d, profile %s".formatted(seed, profile.name());
  }
}
