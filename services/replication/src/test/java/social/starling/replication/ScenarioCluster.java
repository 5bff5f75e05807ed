package social.starling.replication;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import social.starling.replication.Event.Hearing;

/**
 * The cluster of a scenario: no chance in it. A message, an fsync and each way to the coordinator
 * take a millisecond; a member ticks every 50. What a scenario wants to go wrong it says.
 */
final class ScenarioCluster {

  private static final long MILLI = 1_000_000L;

  private record Scheduled(long time, long order, Runnable action) {}

  /** A member's process and its disk. */
  private final class Member {
    final String name;
    final long origin;
    SimulatedVolume volume;
    Replica replica;
    String instance;
    int processes;
    long applied;
    long readAt;
    long readApplied;
    final List<Effect.Persist> unsynced = new ArrayList<>();
    long hungSince = -1;
    boolean fsyncing;
    long run;

    Member(String name, long origin) {
      this.name = name;
      this.origin = origin;
    }

    long clock() {
      return origin + now;
    }
  }

  private final PriorityQueue<Scheduled> agenda =
      new PriorityQueue<>((x, y) ->
          x.time != y.time ? Long.compare(x.time, y.time) : Long.compare(x.order, y.order));
  private final StringBuilder out = new StringBuilder();
  private final CommittedHistory history = new CommittedHistory();
  private final Map<String, Member> members = new TreeMap<>();
  private final Set<String> cut = new HashSet<>();
  private final Map<String, List<Message>> held = new HashMap<>();
  private final Map<String, List<Message>> recorded = new HashMap<>();
  private SimulatedCoordinator coordinator;
  private boolean coordinatorUp = true;
  private boolean answersLost;
  private boolean requestsHeld;
  private final List<Runnable> requests = new ArrayList<>();
  private int minInSync = 1;
  private int volumes;
  private long now;
  private long order;

  /** Executes one command and returns what came of it. */
  String execute(String command) {
    out.setLength(0);
    String[] words = command.split("\\s+");
    switch (words[0]) {
      case "cluster" -> cluster(words);
      case "start" -> start(member(words[1]));
      case "crash" -> crash(member(words[1]));
      case "lose-volume" -> loseVolume(member(words[1]));
      case "write" -> write(member(words[1]), words[2]);
      case "read" -> read(member(words[1]));
      case "run" -> run(millis(words[1]));
      case "begin-read" -> beginRead(member(words[1]));
      case "end-read" -> endRead(member(words[1]));
      case "cut" -> cut.add(words[1]);
      case "join" -> cut.remove(words[1]);
      case "hold" -> held.put(words[1], new ArrayList<>());
      case "release" -> release(words[1]);
      case "record" -> recorded.put(words[1], new ArrayList<>());
      case "replay" -> replay(words[1]);
      case "hang" -> member(words[1]).hungSince = now;
      case "unhang" -> unhang(member(words[1]));
      case "fail" -> step(member(words[1]), new Event.StorageFailed());
      case "trim" -> trim(member(words[1]), Long.parseLong(words[2]));
      case "handover" -> step(member(words[1]), new Event.HandoverWanted());
      case "leave" -> step(member(words[1]), new Event.LeaveWanted());
      case "link-broken" -> step(member(words[1]), new Event.LinkBroken());
      case "hearing" -> step(member(words[1]), new Event.PeerHearing(Hearing.valueOf(words[2])));
      case "dead" -> step(member(words[1]), dead(words[2]));
      case "learn" -> learn(words);
      case "coordinator" -> coordinator(words[1]);
      case "status" -> {}
      default -> throw new IllegalArgumentException("unknown command: " + command);
    }
    if (words[0].equals("status") || words[words.length - 1].equals("status")) {
      members.values().forEach(this::describe);
    }
    return out.isEmpty() ? "ok\n" : out.toString();
  }

  private static long millis(String word) {
    return Long.parseLong(word.replace("ms", ""));
  }

  private Member member(String name) {
    Member member = members.get(name);
    if (member == null) {
      throw new IllegalArgumentException("no member " + name);
    }
    return member;
  }

  private Member other(Member member) {
    return member(member.name.equals("a") ? "b" : "a");
  }

  private void say(String format, Object... values) {
    out.append("%5d  ".formatted(now / MILLI)).append(format.formatted(values)).append('\n');
  }

  private void after(long millis, Runnable action) {
    agenda.add(new Scheduled(now + millis * MILLI, order++, action));
  }

  // ---------------------------------------------------------------- commands

  /** {@code cluster in-sync=a,b [min-in-sync=2]}: epoch 1, a is master. */
  private void cluster(String[] words) {
    members.put("a", new Member("a", 0));
    members.put("b", new Member("b", 1_000_000_000_000L));
    Map<String, String> inSync = new HashMap<>();
    for (Member member : members.values()) {
      member.volume = new SimulatedVolume(newVolume(member));
    }
    for (String word : words) {
      if (word.startsWith("in-sync=")) {
        for (String name : word.substring(8).split(",")) {
          inSync.put(name, member(name).volume.id());
        }
      } else if (word.startsWith("min-in-sync=")) {
        minInSync = Integer.parseInt(word.substring(12));
      }
    }
    coordinator =
        new SimulatedCoordinator(
            new Configuration(1, "a", "a-1", inSync, false, "", ""), new Counts());
    for (Member member : members.values()) {
      start(member);
      tick(member);
    }
  }

  private String newVolume(Member member) {
    return member.name + "v" + ++volumes;
  }

  private void start(Member member) {
    member.instance = member.name + "-" + ++member.processes;
    member.applied = member.volume.applied();
    Options defaults = Options.defaults(member.name, other(member).name, member.instance, 1);
    Options options =
        new Options(
            defaults.self(),
            defaults.peer(),
            defaults.instance(),
            defaults.clusterNumber(),
            defaults.heartbeat(),
            defaults.silence(),
            defaults.lease(),
            minInSync,
            defaults.maxUncommittedBytes(),
            defaults.maxAppendBytes(),
            defaults.maxInFlightBytes(),
            defaults.maxTailBytes());
    member.replica =
        new Replica(
            options,
            member.volume.state(),
            (from, to, most) -> member.volume.read(from, to, most),
            member.clock(),
            member.clock());
    say("%s starts on %s", member.instance, member.volume.id());
    push(member, coordinator.current());
  }

  private void tick(Member member) {
    if (member.replica != null) {
      step(member, new Event.Tick());
    }
    after(50, () -> tick(member));
  }

  private void crash(Member member) {
    member.replica = null;
    member.unsynced.clear();
    member.fsyncing = false;
    member.hungSince = -1;
    member.run++;
    say("%s dies", member.instance);
  }

  private void loseVolume(Member member) {
    if (member.replica != null) {
      crash(member);
    }
    member.volume = new SimulatedVolume(newVolume(member));
    say("%s has the empty volume %s", member.name, member.volume.id());
  }

  private void write(Member member, String id) {
    String[] parts = id.split("#");
    RequestId request = new RequestId(parts[0], Long.parseLong(parts[1]));
    long answered = history.answeredAt(request);
    if (member.replica.role() == Role.OPEN && answered > 0 && answered <= member.applied) {
      say("%s: %s was done before, at %d", member.name, id, answered);
      return;
    }
    byte[] content = id.getBytes(StandardCharsets.UTF_8);
    Submission submission =
        member.replica.submit(request, content, Ids.ORIGIN_MILLIS + now / MILLI, member.clock());
    switch (submission) {
      case Submission.Accepted(long index, boolean repeated) ->
          say("%s: %s is entry %d%s", member.name, id, index, repeated ? ", a retry" : "");
      case Submission.Refused(Submission.Refusal why) ->
          say("%s: %s is refused: %s", member.name, id, why);
    }
    perform(member, member.replica.drain(member.clock()));
  }

  private void read(Member member) {
    beginRead(member);
    endRead(member);
  }

  private void beginRead(Member member) {
    member.readAt = member.clock();
    member.readApplied = member.applied;
  }

  private void endRead(Member member) {
    ReadPermit.Answer answer = member.replica.permit().check(member.readAt);
    say("%s: read of %d entries: %s", member.name, member.readApplied, answer);
  }

  private void run(long millis) {
    long end = now + millis * MILLI;
    while (!agenda.isEmpty() && agenda.peek().time <= end) {
      Scheduled next = agenda.remove();
      now = next.time;
      next.action.run();
    }
    now = end;
  }

  private void release(String link) {
    Member to = member(link.substring(link.length() - 1));
    for (Message message : held.remove(link)) {
      receive(to, message);
    }
  }

  /** Everything that was sent on this link since {@code record} arrives a second time. */
  private void replay(String link) {
    Member to = member(link.substring(link.length() - 1));
    for (Message message : recorded.remove(link)) {
      receive(to, message);
    }
  }

  private void unhang(Member member) {
    member.hungSince = -1;
    fsync(member);
  }

  private void trim(Member member, long upTo) {
    member.volume.apply(Math.min(member.applied, member.volume.lastIndex()));
    member.volume.trim(upTo);
    step(member, new Event.Trimmed(upTo));
  }

  private static Event dead(String instance) {
    return new Event.Dead(instance.substring(0, 1), instance);
  }

  /** {@code learn b [epoch]}. */
  private void learn(String[] words) {
    Configuration told =
        words.length > 2 && !words[2].equals("status")
            ? coordinator.at(Long.parseLong(words[2]))
            : coordinator.current();
    step(member(words[1]), new Event.Learned(told));
  }

  private void coordinator(String what) {
    switch (what) {
      case "down" -> coordinatorUp = false;
      case "up" -> {
        coordinatorUp = true;
        members.values().forEach(each -> push(each, coordinator.current()));
      }
      case "loses-answers" -> answersLost = true;
      case "holds-requests" -> requestsHeld = true;
      case "releases-requests" -> {
        requestsHeld = false;
        requests.forEach(Runnable::run);
        requests.clear();
      }
      case "answers" -> {
        answersLost = false;
        members.values().forEach(each -> push(each, coordinator.current()));
      }
      default -> throw new IllegalArgumentException("coordinator " + what);
    }
  }

  // ---------------------------------------------------------------- members

  private void step(Member member, Event event) {
    if (member.replica != null) {
      member.replica.step(event, member.clock());
      perform(member, member.replica.drain(member.clock()));
    }
  }

  private void perform(Member member, List<Effect> effects) {
    for (Effect effect : effects) {
      perform(member, effect);
    }
  }

  private void perform(Member member, Effect effect) {
    switch (effect) {
      case Effect.Persist persist -> {
        if (persist.truncateAfter() >= 0) {
          say("%s drops what is after %d", member.name, persist.truncateAfter());
        }
        if (persist.promised() > 0) {
          say("%s promises e%d", member.name, persist.promised());
        }
        if (!persist.append().isEmpty()) {
          say("%s writes %s", member.name, persist.append());
        }
        member.unsynced.add(persist);
        fsync(member);
      }
      case Effect.Commit(List<Entry> entries, boolean answer) -> {
        for (Entry entry : entries) {
          if (entry.index() > history.size()) {
            history.extend(entry);
          } else {
            history.confirm(entry);
          }
          member.applied = entry.index();
        }
        String answered =
            entries.stream()
                .map(each -> each.requestId().toString())
                .collect(Collectors.joining(", "));
        say("%s commits %s%s", member.name, entries, answer ? ", answers " + answered : "");
      }
      case Effect.Send(Message message) -> send(member, message);
      case Effect.Ask(Request request) -> ask(member, request);
      case Effect.Opened(long epoch) -> {
        say("%s opens in e%d", member.name, epoch);
        after(0, () -> step(member, new Event.Tick()));
      }
      case Effect.Closed(long epoch, String why) ->
          say("%s closes in e%d: %s", member.name, epoch, why);
      case Effect.Install(long epoch) -> install(member, epoch);
      case Effect.Halt(String why) -> say("%s halts: %s", member.name, why);
    }
  }

  private void fsync(Member member) {
    if (member.fsyncing || member.hungSince >= 0 || member.unsynced.isEmpty()) {
      return;
    }
    member.fsyncing = true;
    int many = member.unsynced.size();
    long run = member.run;
    after(
        1,
        () -> {
          if (member.run != run) {
            return;
          }
          member.fsyncing = false;
          if (member.hungSince >= 0) {
            return;
          }
          long ticket = 0;
          for (int i = 0; i < many; i++) {
            Effect.Persist batch = member.unsynced.removeFirst();
            ticket = batch.ticket();
            member.volume.write(batch, 0);
          }
          member.volume.apply(Math.min(member.applied, member.volume.lastIndex()));
          step(member, new Event.Persisted(ticket));
          fsync(member);
        });
  }

  private void install(Member member, long epoch) {
    say("%s takes a full copy from the master of e%d", member.name, epoch);
    long run = member.run;
    after(
        20,
        () -> {
          Member source = other(member);
          boolean there =
              member.run == run
                  && source.replica != null
                  && source.replica.role().acts()
                  && source.replica.configuration().epoch() == epoch;
          if (!there) {
            step(member, new Event.InstallFailed());
            return;
          }
          member.volume = new SimulatedVolume(newVolume(member), source.volume);
          member.applied = member.volume.applied();
          member.unsynced.clear();
          member.fsyncing = false;
          member.run++;
          say("%s has the full copy as %s", member.name, member.volume.id());
          step(member, new Event.Installed(member.volume.state()));
        });
  }

  // ---------------------------------------------------------------- messages

  private void send(Member member, Message message) {
    String link = member.name + "->" + other(member).name;
    if (!isRoutine(message)) {
      say("%s sends %s", member.name, describe(message));
    }
    if (cut.contains(link)) {
      return;
    }
    if (recorded.containsKey(link)) {
      recorded.get(link).add(message);
    }
    if (held.containsKey(link)) {
      held.get(link).add(message);
      return;
    }
    after(1, () -> receive(other(member), message));
  }

  private void receive(Member member, Message message) {
    step(member, new Event.Received(message));
  }

  private static boolean isRoutine(Message message) {
    return switch (message) {
      case Message.Append append -> true;
      case Message.Ack ack -> !ack.mismatch();
      case Message.SnapshotNeeded needed -> false;
      case Message.Resign resign -> false;
      case Message.Leaving leaving -> false;
    };
  }

  private static String describe(Message message) {
    return switch (message) {
      case Message.Append append -> "an append";
      case Message.Ack ack ->
          "in e%d: mismatch, we can agree up to %d.e%d"
              .formatted(ack.epoch(), ack.hintIndex(), ack.hintEpoch());
      case Message.SnapshotNeeded(long epoch, String volume) ->
          "in e%d: %s needs a full copy".formatted(epoch, volume);
      case Message.Resign(long epoch) -> "in e%d: take over".formatted(epoch);
      case Message.Leaving leaving ->
          "in e%d: %s leaves".formatted(leaving.epoch(), leaving.volume());
    };
  }

  // ---------------------------------------------------------------- the coordinator

  private void ask(Member member, Request request) {
    say("%s asks: %s", member.name, describe(request));
    String instance = member.instance;
    String volume = member.volume.id();
    if (cut.contains(member.name + "->coordinator")) {
      return;
    }
    if (requestsHeld) {
      requests.add(() -> reconfigure(member, instance, volume, request));
      return;
    }
    after(1, () -> reconfigure(member, instance, volume, request));
  }

  private void reconfigure(Member member, String instance, String volume, Request request) {
    if (!coordinatorUp) {
      return;
    }
    boolean done =
        coordinator.reconfigure(member.name, other(member).name, volume, instance, request);
    if (done) {
      say(
          "coordinator: %s%s",
          coordinator.current(), coordinator.current().released() ? ", released" : "");
      members.values().forEach(each -> push(each, coordinator.current()));
    } else {
      say("coordinator: refused, it is %s", coordinator.current());
      push(member, coordinator.current());
    }
  }

  private void push(Member member, Configuration configuration) {
    if (coordinatorUp && !answersLost && !cut.contains("coordinator->" + member.name)) {
      after(1, () -> step(member, new Event.Learned(configuration)));
    }
  }

  private static String describe(Request request) {
    return switch (request) {
      case Request.Promote promote -> "promote me at e" + promote.epoch();
      case Request.Shrink shrink -> "shrink at e" + shrink.epoch();
      case Request.Expand expand ->
          "expand by %s at e%d".formatted(expand.peerVolume(), expand.epoch());
      case Request.Handover handover ->
          "hand over to %s at e%d".formatted(handover.peerInstance(), handover.epoch());
    };
  }

  private void describe(Member member) {
    if (member.replica == null) {
      say(
          "%s is down, %s has %d entries",
          member.name, member.volume.id(), member.volume.lastIndex());
      return;
    }
    Status status = member.replica.status();
    String counts =
        status.role().acts() && member.replica.counted() != null
            ? ", counts " + member.replica.counted()
            : "";
    say(
        "%s is %s in e%d, %s: %d entries, %d on disk, %d committed%s",
        member.name,
        status.role(),
        status.knownEpoch(),
        status.volume(),
        status.lastIndex(),
        status.durableIndex(),
        status.commitIndex(),
        counts);
  }
}
