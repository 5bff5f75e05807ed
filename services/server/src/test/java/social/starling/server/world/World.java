package social.starling.server.world;

import com.google.protobuf.ByteString;
import com.google.protobuf.MessageOrBuilder;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.Supplier;
import social.starling.common.Slots;
import social.starling.proto.journal.v1.OwnSlots;
import social.starling.proto.journal.v1.Request;
import social.starling.proto.journal.v1.SlotSet;
import social.starling.proto.sns.v1.Post;
import social.starling.replication.RequestId;
import social.starling.replication.Requester;
import social.starling.replication.VirtualTime;
import social.starling.server.state.Outgoing;
import social.starling.server.state.State;

/**
 * Two to four clusters that exchange, in virtual time. Everything that happens follows from the
 * seed.
 *
 * <p>A run has a phase with faults, in which users write and read. Then everything heals and nobody
 * writes; every cluster must come to have what it needs of every other, and all must agree.
 */
final class World {

  static final long MILLI = 1_000_000L;
  private static final long FAULTY = 14_000 * MILLI;
  private static final long FICKLE = 24_000 * MILLI;
  private static final int LONG_LOG = 80;
  private static final long PATIENCE = 90_000 * MILLI;
  private static final int ALL = 100_000;

  private final WorldPlant plant;
  private final Consumer<String> trace;
  private final SplittableRandom random;
  private final VirtualTime time = new VirtualTime();
  private final WorldCounts counts = new WorldCounts();
  private final List<Cluster> clusters = new ArrayList<>();
  private final Map<String, Integer> homes = new HashMap<>();
  private final Map<RequestId, Long> asked = new HashMap<>();
  private final long[][] cutUntil;
  private final long[][] lastArrival;

  /** How much harm messages come to: one of so many. */
  private final int harm;

  private final boolean fickle;
  private boolean faulty = true;
  private boolean writing = true;

  World(long seed, WorldPlant plant, Consumer<String> trace) {
    this.plant = plant;
    this.trace = trace;
    random = new SplittableRandom(seed * 0x9E3779B97F4A7C15L + 3);
    int many = 2 + random.nextInt(3);
    harm = random.nextBoolean() ? 50 : 300;
    fickle = random.nextInt(6) == 0;
    cutUntil = new long[many][many];
    lastArrival = new long[many][many];
    for (int i = 0; i < many; i++) {
      clusters.add(new Cluster(this, i, random.nextLong()));
    }
    int users = many * (2 + random.nextInt(2));
    for (int i = 0; homes.size() < users; i++) {
      String name = "u" + i;
      Cluster home = clusters.get(Slots.of(name) % many);
      if (home.users().size() < users / many) {
        homes.put(name, home.number());
        home.users().add(new SimulatedUser(this, home, name));
      }
    }
  }

  // ---------------------------------------------------------------- what the parts use

  VirtualTime time() {
    return time;
  }

  SplittableRandom random() {
    return random;
  }

  WorldCounts counts() {
    return counts;
  }

  WorldPlant plant() {
    return plant;
  }

  List<Cluster> clusters() {
    return clusters;
  }

  Cluster cluster(int number) {
    return clusters.get(number);
  }

  int home(String user) {
    return homes.get(user);
  }

  boolean faulty() {
    return faulty;
  }

  /** Users change their minds about whom they follow all the time. */
  boolean fickle() {
    return fickle;
  }

  boolean writing() {
    return writing;
  }

  /** Orders what is committed anywhere. */
  long moment() {
    return time.events();
  }

  /** What the follower's cluster had of the author's when a follow was asked for. */
  void asked(RequestId follow, long had) {
    asked.put(follow, had);
  }

  long hadWhenAsked(RequestId follow) {
    return asked.getOrDefault(follow, 0L);
  }

  boolean tracing() {
    return trace != null;
  }

  void note(Supplier<String> what) {
    if (trace != null) {
      trace.accept("%11.6f %s".formatted(time.now() / 1e9, what.get()));
    }
  }

  static String line(MessageOrBuilder message) {
    return message.toString().replace('\n', ' ').replaceAll(" +", " ");
  }

  // ---------------------------------------------------------------- messages

  /** A message within a cluster. */
  void send(Runnable arrives) {
    send(new long[1], 0, arrives);
  }

  private void send(long[] last, int at, Runnable arrives) {
    if (faulty && random.nextInt(harm) == 0) {
      counts.add(Seen.MESSAGES_LOST);
      return;
    }
    transmit(last, at, arrives);
    if (faulty && random.nextInt(harm) == 0) {
      counts.add(Seen.MESSAGES_REPEATED);
      transmit(last, at, arrives);
    }
  }

  /** A message from one cluster to another. */
  void sendBetween(Cluster from, Cluster to, Runnable arrives) {
    if (time.now() >= cutUntil[from.number()][to.number()]) {
      send(lastArrival[from.number()], to.number(), arrives);
    }
  }

  /** In order, but for those that are late. */
  private void transmit(long[] last, int at, Runnable arrives) {
    long arrival = time.now() + 100_000 + random.nextLong(400_000);
    if (faulty && random.nextInt(harm) == 0) {
      counts.add(Seen.MESSAGES_LATE);
      arrival += random.nextLong(3_000 * MILLI);
    } else {
      arrival = Math.max(arrival, last[at] + 1);
      last[at] = arrival;
    }
    time.at(arrival, arrives);
  }

  // ---------------------------------------------------------------- the run

  /** Runs to the end, or throws what is broken. */
  WorldCounts run() {
    for (Cluster cluster : clusters) {
      cluster.pair().begin();
      giveSlots(cluster);
      cluster.users().forEach(SimulatedUser::start);
      addSynchronizer(cluster);
    }
    time.after(faultGap(), this::fault);
    while (time.now() < (fickle ? FICKLE : FAULTY)) {
      time.step();
    }
    quiet();
    countLongLogs();
    counts.add(Seen.EVENTS, time.events());
    for (Cluster cluster : clusters) {
      Map<String, Long> seen = cluster.pair().counts();
      for (Seen each :
          List.of(Seen.PROMOTIONS, Seen.CRASHES, Seen.SNAPSHOTS, Seen.TRIMS, Seen.HANDOVERS)) {
        counts.add(each, seen.get(each.name()));
      }
    }
    return counts;
  }

  /** Logs of follows that are so long that what was superseded in them is dropped. */
  private void countLongLogs() {
    for (Cluster cluster : clusters) {
      for (Cluster peer : clusters) {
        if (peer != cluster && cluster.chronicle().wordsFor(peer.number()) > LONG_LOG) {
          counts.add(Seen.LONG_LOGS);
        }
      }
    }
  }

  private Synchronizer addSynchronizer(Cluster cluster) {
    Synchronizer synchronizer = new Synchronizer(this, cluster);
    cluster.synchronizers().add(synchronizer);
    synchronizer.start();
    return synchronizer;
  }

  /** The cluster takes every n-th slot, as its coordinator says, again until it is done. */
  private void giveSlots(Cluster cluster) {
    if (cluster.chronicle().size() > 0 && slotsGiven(cluster)) {
      return;
    }
    BitSet slots = new BitSet(Slots.COUNT);
    for (int slot = cluster.number(); slot < Slots.COUNT; slot += clusters.size()) {
      slots.set(slot);
    }
    byte[] bits = java.util.Arrays.copyOf(slots.toByteArray(), Slots.COUNT / 8);
    byte[] request =
        Request.newBuilder()
            .setOwnSlots(
                OwnSlots.newBuilder()
                    .setVersion(1)
                    .setAll(SlotSet.newBuilder().setBits(ByteString.copyFrom(bits))))
            .build()
            .toByteArray();
    cluster.pair().submit(random.nextInt(2), RequestId.NONE, request, new Forgetful());
    time.after(50 * MILLI, () -> giveSlots(cluster));
  }

  /** Looks at the state later on. */
  private static final class Forgetful implements Requester {
    @Override
    public void refused(RequestId request) {}

    @Override
    public void done(RequestId request, long index) {}
  }

  private static boolean slotsGiven(Cluster cluster) {
    for (long index = 1; index <= cluster.chronicle().size(); index++) {
      if (cluster.chronicle().answer(index).hasSlots()) {
        return true;
      }
    }
    return false;
  }

  private long faultGap() {
    return random.nextLong(1_400 * MILLI);
  }

  private void fault() {
    if (!faulty) {
      return;
    }
    time.after(faultGap(), this::fault);
    Cluster cluster = clusters.get(random.nextInt(clusters.size()));
    switch (random.nextInt(8)) {
      case 0, 1 -> crashSynchronizer(cluster);
      case 2, 3 -> {
        if (cluster.synchronizers().size() < 2) {
          counts.add(Seen.TWO_SYNCHRONIZERS);
          Synchronizer second = addSynchronizer(cluster);
          time.after(duration(3_000), () -> end(cluster, second));
        }
      }
      case 4 -> {
        counts.add(Seen.OUTAGES);
        note(() -> cluster + " is away");
        cluster.pair().outage(duration(random.nextInt(4) == 0 ? 14_000 : 4_000));
      }
      default -> {
        Cluster other = clusters.get(random.nextInt(clusters.size()));
        long until = time.now() + duration(5_000);
        note(() -> "cut from " + cluster + " to " + other);
        cutUntil[cluster.number()][other.number()] = until;
        if (random.nextBoolean()) {
          cutUntil[other.number()][cluster.number()] = until;
        }
      }
    }
  }

  private long duration(int mostMillis) {
    return 20 * MILLI + random.nextLong(mostMillis * MILLI);
  }

  private void crashSynchronizer(Cluster cluster) {
    Synchronizer synchronizer =
        cluster.synchronizers().get(random.nextInt(cluster.synchronizers().size()));
    if (synchronizer.up()) {
      counts.add(Seen.SYNCHRONIZER_CRASHES);
      synchronizer.crash();
      time.after(
          duration(1_500),
          () -> {
            if (cluster.synchronizers().contains(synchronizer) && !synchronizer.up()) {
              synchronizer.start();
            }
          });
    }
  }

  private void end(Cluster cluster, Synchronizer synchronizer) {
    if (cluster.synchronizers().size() > 1) {
      synchronizer.crash();
      cluster.synchronizers().remove(synchronizer);
    }
  }

  // ---------------------------------------------------------------- quiet

  private void quiet() {
    note(() -> "quiet");
    faulty = false;
    writing = false;
    for (long[] cuts : cutUntil) {
      java.util.Arrays.fill(cuts, 0);
    }
    for (Cluster cluster : clusters) {
      cluster.pair().repair();
      Synchronizer one = cluster.synchronizers().getFirst();
      if (!one.up()) {
        one.start();
      }
    }
    long limit = time.now() + PATIENCE;
    long next = time.now();
    while (true) {
      time.step();
      if (time.now() < next) {
        continue;
      }
      next = time.now() + 100 * MILLI;
      if (clusters.stream().anyMatch(cluster -> !cluster.pair().survives())) {
        note(() -> "a cluster lost both volumes");
        return;
      }
      if (settled()) {
        break;
      }
      if (time.now() > limit) {
        throw new Broken(Promise.CATCHES_UP, describe());
      }
    }
    drainStreams(limit + PATIENCE);
    clusters.forEach(this::check);
  }

  private boolean settled() {
    for (Cluster receiver : clusters) {
      boolean idle = receiver.users().stream().allMatch(SimulatedUser::idle);
      if (!idle || !receiver.pair().whole()) {
        return false;
      }
      for (Cluster sender : clusters) {
        if (sender != receiver && !caughtUp(sender, receiver)) {
          return false;
        }
      }
    }
    return true;
  }

  private static boolean caughtUp(Cluster sender, Cluster receiver) {
    if (sender.pair().application(0) == null) {
      return false;
    }
    Outgoing left =
        sender
            .state(0)
            .outgoing(receiver.number(), receiver.chronicle().cursor(sender.number()), 1);
    return left.steps().isEmpty() && !left.more();
  }

  private String describe() {
    StringBuilder text = new StringBuilder("not at rest:");
    for (Cluster receiver : clusters) {
      text.append("\n").append(receiver).append(": ").append(receiver.pair());
      for (SimulatedUser user : receiver.users()) {
        if (!user.idle()) {
          text.append("; ").append(user.name()).append(" waits");
        }
      }
      for (Cluster sender : clusters) {
        if (sender != receiver && !caughtUp(sender, receiver)) {
          text.append("; misses what ").append(sender).append(" has after ");
          text.append(receiver.chronicle().cursor(sender.number()));
        }
      }
    }
    return text.toString();
  }

  private void drainStreams(long limit) {
    for (Cluster cluster : clusters) {
      for (SimulatedUser user : cluster.users()) {
        while (user.read() && time.now() < limit) {
          time.step();
        }
      }
    }
  }

  // ---------------------------------------------------------------- what must be so then

  private void check(Cluster cluster) {
    Set<String> names = new TreeSet<>();
    clusters.forEach(each -> names.addAll(each.chronicle().names()));
    for (int member = 0; member < 2; member++) {
      State state = cluster.state(member);
      require(
          Promise.PREFIX,
          cluster,
          new TreeSet<>(state.users("", ALL)).equals(names),
          () -> "knows %s, not %s".formatted(state.users("", ALL), names));
      for (String name : names) {
        checkFollows(cluster, state, name);
        checkPosts(cluster, state, name);
        if (home(name) == cluster.number()) {
          checkTimeline(cluster, state, name);
        }
      }
    }
    for (SimulatedUser user : cluster.users()) {
      for (Chronicle.Posted post : owed(cluster, user.name(), true)) {
        require(
            Promise.STREAMED,
            cluster,
            user.shown().contains(post.id),
            () -> "%s was not shown %s".formatted(user.name(), post));
      }
    }
  }

  private void checkFollows(Cluster cluster, State state, String name) {
    boolean here = home(name) == cluster.number();
    Set<String> followers = new TreeSet<>();
    Set<String> following = new TreeSet<>();
    for (Cluster each : clusters) {
      for (Chronicle.Word word : each.chronicle().lastWords().values()) {
        if (word.followed()) {
          if (word.pair().author().equals(name) && (here || each == cluster)) {
            followers.add(word.pair().follower());
          }
          boolean authorHere = home(word.pair().author()) == cluster.number();
          if (word.pair().follower().equals(name) && (here || authorHere)) {
            following.add(word.pair().author());
          }
        }
      }
    }
    Set<String> foundFollowers = new TreeSet<>(state.followers(name, "", ALL).orElseThrow());
    Set<String> foundFollowing = new TreeSet<>(state.following(name, "", ALL).orElseThrow());
    require(
        Promise.AGREE,
        cluster,
        foundFollowers.equals(followers) && foundFollowing.equals(following),
        () ->
            "%s is followed by %s and follows %s, not %s and %s"
                .formatted(name, foundFollowers, foundFollowing, followers, following));
  }

  private void checkPosts(Cluster cluster, State state, String name) {
    boolean here = home(name) == cluster.number();
    Map<Long, String> made = new TreeMap<>();
    for (Chronicle.Posted post : cluster(home(name)).chronicle().postsOf(name)) {
      if (!post.deleted()) {
        made.put(post.id, post.text);
      }
    }
    for (Post post : state.posts(name, 0, 0, ALL).orElseThrow()) {
      require(
          Promise.NOT_UNDONE,
          cluster,
          post.getText().equals(made.get(post.getId())),
          () -> "has post %d of %s: %s".formatted(post.getId(), name, post.getText()));
      made.remove(post.getId());
    }
    require(Promise.PREFIX, cluster, !here || made.isEmpty(), () -> "has lost %s".formatted(made));
  }

  private void checkTimeline(Cluster cluster, State state, String name) {
    Set<Long> found = new HashSet<>();
    for (Post post : state.timeline(name, 0, 0, ALL).orElseThrow().posts()) {
      require(
          Promise.ONCE,
          cluster,
          found.add(post.getId()),
          () -> "%s sees post %d twice".formatted(name, post.getId()));
      require(
          Promise.AGREE,
          cluster,
          cluster.chronicle().follows(name, post.getAuthor()),
          () -> "%s sees %s, whom it does not follow".formatted(name, post.getAuthor()));
    }
    for (Chronicle.Posted post : owed(cluster, name, false)) {
      require(
          Promise.OWED,
          cluster,
          found.contains(post.id),
          () ->
              "%s does not see %s; followed: %s"
                  .formatted(
                      name,
                      post,
                      cluster.chronicle().lastWords().get(new Chronicle.Pair(name, post.author))));
    }
  }

  /** Posts made after those follows were committed that hold still. */
  private List<Chronicle.Posted> owed(Cluster cluster, String follower, boolean count) {
    List<Chronicle.Posted> owed = new ArrayList<>();
    for (Chronicle.Word word : cluster.chronicle().lastWords().values()) {
      if (!word.followed() || !word.pair().follower().equals(follower)) {
        continue;
      }
      int home = home(word.pair().author());
      boolean local = home == cluster.number();
      for (Chronicle.Posted post : cluster(home).chronicle().postsOf(word.pair().author())) {
        boolean after = local ? post.index > word.index() : post.moment > word.moment();
        if (after && !post.deleted()) {
          owed.add(post);
          if (count) {
            counts.add(local ? Seen.OWED_AT_HOME : Seen.OWED_ACROSS);
          }
        }
      }
    }
    return owed;
  }

  private static void require(
      Promise promise, Cluster cluster, boolean kept, Supplier<String> otherwise) {
    if (!kept) {
      throw new Broken(promise, cluster + " " + otherwise.get());
    }
  }
}
