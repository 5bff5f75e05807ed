package social.starling.torture.check;

import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Random;
import java.util.TreeMap;
import java.util.TreeSet;
import social.starling.torture.history.Call;
import social.starling.torture.history.Call.Outcome;
import social.starling.torture.history.Call.Via;
import social.starling.torture.history.Content;
import social.starling.torture.history.Event;
import social.starling.torture.history.History;
import social.starling.torture.history.Operation;
import social.starling.torture.history.Shown;
import social.starling.torture.history.Stored;
import social.starling.torture.history.StreamBegun;

/**
 * A model of a correct installation in virtual time, with everything that makes histories hard to
 * read: several sessions of one user, unknown outcomes of writes that were done, were never done,
 * or are done long after; clusters that learn late of each other, in order; follows that begin in
 * the middle; deletions that race reads; streams that lag, whose bytes are held, and that resume.
 *
 * <p>{@link Bug}s can be planted.
 */
final class World {

  /** What can be wrong. */
  enum Bug {
    NONE,
    /** An acknowledged post is not there, after a while. */
    LOSES_A_POST,
    /** A write that was repeated is done again. */
    DOES_TWICE,
    /** A refused post is done. */
    DOES_WHAT_IT_REFUSED,
    /** A page is read from a state of some time ago. */
    READS_STALE_POSTS,
    READS_STALE_TIMELINES,
    READS_STALE_FOLLOWS,
    /** A deletion is answered and forgotten. */
    FORGETS_A_DELETION,
    /** So is an unfollow, in the end. */
    FORGETS_AN_UNFOLLOW,
    FORGETS_A_FOLLOW,
    /** A stream resumes a little too late, or too early. */
    STREAM_LEAVES_OUT,
    STREAM_REPEATS,
    /** A stream goes on after an unfollow. */
    STREAM_IGNORES_UNFOLLOWS,
    /** A post does not cross to another cluster. */
    LOSES_A_CROSSING,
    /** Ids step back. */
    IDS_STEP_BACK
  }

  private static final long MS = 1_000_000;
  private static final int READ_LIMIT = 6;

  private final Random random;
  private final Bug bug;
  private final long end;
  private final PriorityQueue<Task> tasks =
      new PriorityQueue<>(Comparator.comparingLong(Task::at).thenComparingLong(Task::number));
  private final List<Event> events = new ArrayList<>();
  private final Map<Long, Content> contents = new HashMap<>();
  private final Map<String, String> homes = new TreeMap<>();
  private final Map<String, Cluster> clusterOf = new HashMap<>();
  private final List<Cluster> clusters = new ArrayList<>();
  private final List<String> authors = new ArrayList<>();
  private final List<Reader> readers = new ArrayList<>();
  private long now;
  private long taskNumber;
  private int texts;
  private int sessions;
  private boolean planted;

  private record Task(long at, long number, Runnable work) {}

  /** A post as one cluster has it. */
  private static final class Kept {
    final long id;
    final String author;
    final long index;
    final long since;
    boolean deleted;

    Kept(long id, String author, long index, long since) {
      this.id = id;
      this.author = author;
      this.index = index;
      this.since = since;
    }
  }

  private record Follow(long index, long position) {}

  private static final class Want {
    int followers;
    long since;
  }

  /** A change that others may need. */
  private record Entry(
      long index, String kind, String user, String other, long id, long position) {}

  private static final class Cluster {
    final String name;
    final int number;
    long index;
    long lastId;
    final Map<String, List<Kept>> posts = new HashMap<>();
    final Map<String, Map<String, Follow>> following = new HashMap<>();
    final Map<String, TreeSet<String>> followers = new HashMap<>();
    final List<Entry> log = new ArrayList<>();
    final Map<Cluster, Integer> read = new HashMap<>();
    final Map<String, Map<Cluster, Want>> wants = new HashMap<>();

    Cluster(String name, int number) {
      this.name = name;
      this.number = number;
    }

    List<Kept> postsOf(String author) {
      return posts.computeIfAbsent(author, _ -> new ArrayList<>());
    }

    Map<String, Follow> followingOf(String user) {
      return following.computeIfAbsent(user, _ -> new TreeMap<>());
    }

    TreeSet<String> followersOf(String user) {
      return followers.computeIfAbsent(user, _ -> new TreeSet<>());
    }
  }

  /** A stream's reader, and what is on its way. */
  private static final class Reader {
    final String name;
    final Cluster cluster;
    final Deque<Shown> onItsWay = new ArrayDeque<>();
    int stream;
    boolean open;
    long sent;
    long got;

    Reader(String name, Cluster cluster) {
      this.name = name;
      this.cluster = cluster;
    }
  }

  private final class Session {
    final int number = ++sessions;
    final String user;
    final Cluster cluster;
    final List<Long> own = new ArrayList<>();
    final boolean follows;
    Runnable open;

    Session(String user, Cluster cluster, boolean follows) {
      this.user = user;
      this.cluster = cluster;
      this.follows = follows;
    }
  }

  private World(long seed, Bug bug, long end) {
    this.random = new Random(seed);
    this.bug = bug;
    this.end = end;
  }

  /** A history of so many virtual milliseconds; about as many events as a quarter of that. */
  static History history(long seed, Bug bug, int millis) {
    return new World(seed, bug, millis * MS).run(seed);
  }

  private History run(long seed) {
    for (int c = 0; c < 3; c++) {
      clusters.add(new Cluster(List.of("alpha", "beta", "gamma").get(c), c));
    }
    for (int i = 0; i < 6; i++) {
      authors.add("author" + i);
      home("author" + i, clusters.get(i % 3));
    }
    for (Cluster cluster : clusters) {
      for (int i = 0; i < 2; i++) {
        Reader reader = new Reader("reader" + cluster.number + i, cluster);
        home(reader.name, cluster);
        readers.add(reader);
        sessions(reader.name, cluster, 2);
        at(random.nextLong(5 * MS), () -> openStream(reader));
        at(random.nextLong(20 * MS), () -> send(reader));
      }
    }
    for (String author : authors) {
      sessions(author, clusterOf.get(author), 2);
    }
    for (Cluster to : clusters) {
      for (Cluster from : clusters) {
        if (to != from) {
          to.read.put(from, 0);
          at(0, () -> cross(from, to));
        }
      }
    }
    while (!tasks.isEmpty()) {
      Task task = tasks.poll();
      now = task.at;
      task.work.run();
    }
    return new History(seed, "", Instant.EPOCH, now + 1, homes, contents, sorted(), stored());
  }

  private List<Event> sorted() {
    List<Event> all = new ArrayList<>(events);
    all.sort(
        Comparator.comparingLong(event ->
            switch (event) {
              case Call call -> call.ended();
              case Shown shown -> shown.at();
              case StreamBegun begun -> begun.at();
              default -> 0;
            }));
    return all;
  }

  private void home(String user, Cluster cluster) {
    homes.put(user, cluster.name);
    clusterOf.put(user, cluster);
  }

  private void sessions(String user, Cluster cluster, int count) {
    for (int i = 0; i < count; i++) {
      Session session = new Session(user, cluster, i == 0 || random.nextInt(3) == 0);
      at(random.nextLong(5 * MS), () -> next(session));
    }
  }

  /** Later by so many nanoseconds, and a bit, so that no two things happen at one time. */
  private void at(long after, Runnable work) {
    taskNumber++;
    tasks.add(new Task(now + after + 1 + taskNumber % 97, taskNumber, work));
  }

  private boolean plant(Bug one) {
    return bug == one && now > end / 4 && random.nextInt(4) == 0;
  }

  private boolean plantOnce(Bug one) {
    if (planted || !plant(one)) {
      return false;
    }
    planted = true;
    return true;
  }

  // ---------------------------------------------------------------- sessions

  private void next(Session session) {
    if (now > end) {
      return;
    }
    boolean author = authors.contains(session.user);
    int kind = random.nextInt(20);
    if (kind < 8 && author) {
      write(session, post(session));
    } else if (kind < 10 && author && !session.own.isEmpty()) {
      long id = session.own.get(random.nextInt(session.own.size()));
      write(session, new Writing(new Operation.Delete(id), () -> delete(session, id)));
    } else if (kind < 12 && session.follows) {
      String name = authors.get(random.nextInt(authors.size()));
      boolean follow = random.nextInt(5) > 0;
      write(
          session,
          follow
              ? new Writing(new Operation.Follow(name), () -> follow(session, name))
              : new Writing(new Operation.Unfollow(name), () -> unfollow(session, name)));
    } else if (kind < 15) {
      read(session, () -> readTimeline(session));
    } else if (kind < 18) {
      String of = author && random.nextBoolean() ? session.user : any(authors);
      read(session, () -> readPosts(clusterOf.get(of), of));
    } else if (kind == 18) {
      read(
          session,
          () -> {
            Map<String, Follow> following = session.cluster.followingOf(session.user);
            List<String> names = new ArrayList<>(following.keySet());
            if (plant(Bug.READS_STALE_FOLLOWS) && !names.isEmpty()) {
              names.removeLast();
            }
            return new Operation.Following(names);
          });
    } else {
      read(
          session,
          () -> new Operation.Followers(List.copyOf(session.cluster.followersOf(session.user))));
    }
  }

  private <T> T any(List<T> some) {
    return some.get(random.nextInt(some.size()));
  }

  private interface Reading {
    Operation read();
  }

  private void read(Session session, Reading reading) {
    long begun = now;
    at(
        delay(),
        () -> {
          Operation answer = reading.read();
          at(delay(), () -> end(session, answer, begun, Outcome.OK, ""));
        });
  }

  /**
   * @param effect the reason of the refusal, or empty
   */
  private record Writing(Operation operation, java.util.function.Supplier<Result> effect) {}

  private record Result(Operation operation, String reason) {}

  private void write(Session session, Writing writing) {
    long begun = now;
    int fate = random.nextInt(20);
    if (fate == 0) {
      // Refused before it came to anything.
      at(
          delay(),
          () -> {
            if (bug == Bug.DOES_WHAT_IT_REFUSED) {
              writing.effect.get();
            }
            end(session, writing.operation, begun, Outcome.FAILED, "OVERLOADED");
          });
    } else if (fate <= 2) {
      unknown(session, writing, begun);
    } else {
      at(
          delay(),
          () -> {
            session.open = null; // What was given up before is shut out from here on.
            Result result = writing.effect.get();
            if (plantOnce(Bug.DOES_TWICE)) {
              again(session, result);
            }
            boolean done = result.reason.isEmpty();
            at(
                delay(),
                () ->
                    end(
                        session,
                        result.operation,
                        begun,
                        done ? Outcome.OK : Outcome.FAILED,
                        result.reason));
          });
    }
  }

  private void unknown(Session session, Writing writing, long begun) {
    int fate = random.nextInt(3);
    if (fate == 0) {
      at(
          delay(),
          () -> {
            session.open = null;
            writing.effect.get();
          });
    }
    at(
        5 * MS,
        () -> {
          end(session, writing.operation, begun, Outcome.UNKNOWN, "UNKNOWN_OUTCOME");
          if (fate == 1) {
            Runnable late = writing.effect::get;
            session.open = late;
            at(
                random.nextLong(40 * MS),
                () -> {
                  if (session.open == late) {
                    session.open = null;
                    writing.effect.get();
                  }
                });
          }
        });
  }

  private void end(
      Session session, Operation operation, long begun, Outcome outcome, String reason) {
    events.add(
        new Call(
            session.number,
            session.user,
            session.number % 2 == 0 ? Via.ROUTER : Via.DIRECT,
            operation,
            begun,
            now,
            outcome,
            reason));
    if (operation instanceof Operation.Post post && outcome == Outcome.OK) {
      session.own.add(post.id());
    }
    at(random.nextLong(4 * MS), () -> next(session));
  }

  private long delay() {
    return random.nextInt(15) == 0 ? random.nextLong(10 * MS) : random.nextLong(MS);
  }

  // ---------------------------------------------------------------- what a cluster does

  private Writing post(Session session) {
    String text = session.user + " says " + ++texts;
    return new Writing(
        new Operation.Post(text, 0),
        () -> new Result(new Operation.Post(text, post(session, text)), ""));
  }

  private long post(Session session, String text) {
    Cluster cluster = session.cluster;
    long step = plantOnce(Bug.IDS_STEP_BACK) ? -5 * MS : 0;
    long id = Math.max(cluster.lastId + 1, now / 1000 << 12 | cluster.number);
    cluster.lastId = id;
    if (step != 0) {
      id = (now + step) / 1000 << 12 | cluster.number;
    }
    contents.put(id, new Content(session.user, text));
    long index = ++cluster.index;
    if (!plantOnce(Bug.LOSES_A_POST)) {
      cluster.postsOf(session.user).add(new Kept(id, session.user, index, now));
      cluster.log.add(new Entry(index, "post", session.user, "", id, 0));
    }
    return id;
  }

  private void again(Session session, Result result) {
    if (result.operation instanceof Operation.Post post) {
      post(session, post.text());
    } else {
      planted = false;
    }
  }

  private Result delete(Session session, long id) {
    Operation operation = new Operation.Delete(id);
    for (Kept kept : session.cluster.postsOf(session.user)) {
      if (kept.id == id && !kept.deleted) {
        if (!plantOnce(Bug.FORGETS_A_DELETION)) {
          kept.deleted = true;
          long index = ++session.cluster.index;
          session.cluster.log.add(new Entry(index, "delete", session.user, "", id, 0));
        }
        return new Result(operation, "");
      }
    }
    return new Result(operation, "POST_UNKNOWN");
  }

  private Result follow(Session session, String name) {
    Operation operation = new Operation.Follow(name);
    Cluster cluster = session.cluster;
    if (name.equals(session.user) || cluster.followingOf(session.user).containsKey(name)) {
      return new Result(operation, "ALREADY_FOLLOWING");
    }
    if (plantOnce(Bug.FORGETS_A_FOLLOW)) {
      return new Result(operation, "");
    }
    Cluster home = clusterOf.get(name);
    long position = home == cluster ? 0 : position(cluster, home);
    long index = ++cluster.index;
    cluster.followingOf(session.user).put(name, new Follow(index, position));
    cluster.followersOf(name).add(session.user);
    if (home != cluster) {
      cluster.log.add(new Entry(index, "follow", session.user, name, 0, position));
    }
    return new Result(operation, "");
  }

  /** Up to which entry of another's log a cluster has it. */
  private static long position(Cluster cluster, Cluster from) {
    int read = cluster.read.get(from);
    return read == 0 ? 0 : from.log.get(read - 1).index;
  }

  private Result unfollow(Session session, String name) {
    Operation operation = new Operation.Unfollow(name);
    Cluster cluster = session.cluster;
    if (name.equals(session.user)) {
      return new Result(operation, "SELF");
    }
    if (!cluster.followingOf(session.user).containsKey(name)) {
      return new Result(operation, "NOT_FOLLOWING");
    }
    if (plantOnce(Bug.FORGETS_AN_UNFOLLOW)) {
      return new Result(operation, "");
    }
    cluster.followingOf(session.user).remove(name);
    cluster.followersOf(name).remove(session.user);
    long index = ++cluster.index;
    if (clusterOf.get(name) != cluster) {
      cluster.log.add(new Entry(index, "unfollow", session.user, name, 0, 0));
    }
    return new Result(operation, "");
  }

  private Operation readPosts(Cluster cluster, String author) {
    List<Kept> posts = new ArrayList<>(cluster.postsOf(author).reversed());
    posts.removeIf(kept -> kept.deleted);
    long maxId = maxId(posts);
    int limit = 1 + random.nextInt(READ_LIMIT);
    if (plant(Bug.READS_STALE_POSTS)) {
      posts.removeIf(kept -> kept.since > now - 10 * MS);
    }
    return new Operation.Posts(author, maxId, limit, page(posts, maxId, limit));
  }

  private Operation readTimeline(Session session) {
    List<Kept> posts = timeline(session.cluster, session.user);
    long maxId = maxId(posts);
    int limit = 1 + random.nextInt(READ_LIMIT);
    if (plant(Bug.READS_STALE_TIMELINES)) {
      posts.removeIf(kept -> kept.since > now - 10 * MS);
    }
    return new Operation.Timeline(maxId, limit, page(posts, maxId, limit), session.cluster.index);
  }

  private long maxId(List<Kept> posts) {
    return posts.isEmpty() || random.nextInt(3) > 0 ? 0 : any(posts).id;
  }

  private static List<Long> page(List<Kept> posts, long maxId, int limit) {
    return posts.stream()
        .map(kept -> kept.id)
        .filter(id -> maxId == 0 || id < maxId)
        .limit(limit)
        .toList();
  }

  /** Newest first. */
  private static List<Kept> timeline(Cluster cluster, String user) {
    List<Kept> posts = new ArrayList<>();
    cluster
        .followingOf(user)
        .forEach((author, follow) -> {
          for (Kept kept : cluster.postsOf(author)) {
            if (kept.index > follow.index && !kept.deleted) {
              posts.add(kept);
            }
          }
        });
    posts.sort(Comparator.comparingLong((Kept kept) -> kept.id).reversed());
    return posts;
  }

  // ---------------------------------------------------------------- between clusters

  private void cross(Cluster from, Cluster to) {
    int some = random.nextInt(20);
    int read = to.read.get(from);
    while (read < from.log.size() && (some-- > 0 || now > end)) {
      Entry entry = from.log.get(read);
      to.read.put(from, ++read);
      take(from, to, entry);
    }
    boolean away = random.nextInt(40) == 0;
    if (now <= end + 300 * MS) {
      at(away ? random.nextLong(100 * MS) : random.nextLong(5 * MS), () -> cross(from, to));
    }
  }

  private void take(Cluster from, Cluster to, Entry entry) {
    switch (entry.kind) {
      case "post" -> {
        Want want = from.wants.getOrDefault(entry.user, Map.of()).get(to);
        if (want != null && want.followers > 0 && want.since < entry.index) {
          bring(from, to, entry.user, entry.id);
        }
      }
      case "delete" -> {
        if (from.wants.getOrDefault(entry.user, Map.of()).containsKey(to)) {
          for (Kept kept : to.postsOf(entry.user)) {
            if (kept.id == entry.id && !kept.deleted) {
              kept.deleted = true;
              to.index++;
            }
          }
        }
      }
      case "follow" -> {
        if (clusterOf.get(entry.other) == to && to.followersOf(entry.other).add(entry.user)) {
          Want want =
              to.wants
                  .computeIfAbsent(entry.other, _ -> new HashMap<>())
                  .computeIfAbsent(from, _ -> new Want());
          to.index++;
          if (want.followers++ == 0) {
            want.since = to.index;
            to.log.add(new Entry(to.index, "want", entry.other, from.name, 0, entry.position));
          }
        }
      }
      case "unfollow" -> {
        if (clusterOf.get(entry.other) == to && to.followersOf(entry.other).remove(entry.user)) {
          to.index++;
          to.wants.get(entry.other).get(from).followers--;
        }
      }
      case "want" -> {
        Want want = from.wants.get(entry.user).get(to);
        if (entry.other.equals(to.name) && want.followers > 0 && want.since == entry.index) {
          for (Kept kept : List.copyOf(from.postsOf(entry.user))) {
            if (kept.index > entry.position && kept.index < entry.index) {
              bring(from, to, entry.user, kept.id);
            }
          }
        }
      }
      default -> throw new IllegalStateException(entry.kind);
    }
  }

  private void bring(Cluster from, Cluster to, String author, long id) {
    List<Kept> there = to.postsOf(author);
    boolean deleted = from.postsOf(author).stream().anyMatch(kept -> kept.id == id && kept.deleted);
    if (deleted || !there.isEmpty() && there.getLast().id >= id) {
      return;
    }
    if (!plantOnce(Bug.LOSES_A_CROSSING)) {
      there.add(new Kept(id, author, ++to.index, now));
    }
  }

  // ---------------------------------------------------------------- streams

  private void openStream(Reader reader) {
    reader.onItsWay.clear();
    reader.stream++;
    reader.sent = reader.stream == 1 ? reader.cluster.index : reader.got;
    if (reader.stream > 1 && plantOnce(Bug.STREAM_LEAVES_OUT)) {
      reader.sent = reader.cluster.index;
    }
    if (reader.stream > 1 && plantOnce(Bug.STREAM_REPEATS)) {
      reader.sent = Math.max(0, reader.sent - 20);
    }
    reader.got = reader.sent;
    reader.open = true;
    long cursor = reader.stream == 1 ? 0 : reader.got;
    int number = reader.stream;
    at(random.nextLong(MS), () -> events.add(new StreamBegun(reader.name, number, cursor, now)));
    at(2 * MS, () -> arrive(reader, number));
    if (now < end) {
      at(20 * MS + random.nextLong(200 * MS), () -> openStream(reader));
    }
  }

  /** The server reads what is new and sends it. */
  private void send(Reader reader) {
    if (reader.open) {
      Map<String, Follow> following = reader.cluster.followingOf(reader.name);
      List<Kept> batch = new ArrayList<>();
      reader.cluster.posts.forEach((author, posts) -> {
        Follow follow = following.get(author);
        if (follow == null && bug == Bug.STREAM_IGNORES_UNFOLLOWS && now > end / 2) {
          follow = new Follow(0, 0);
        }
        if (follow != null) {
          for (Kept kept : posts) {
            if (kept.index > follow.index && kept.index > reader.sent && !kept.deleted) {
              batch.add(kept);
            }
          }
        }
      });
      batch.sort(Comparator.comparingLong(kept -> kept.index));
      for (Kept kept : batch) {
        reader.onItsWay.add(new Shown(reader.name, reader.stream, kept.id, kept.index, 0));
      }
      reader.sent = reader.cluster.index;
    }
    if (now < end + 400 * MS) {
      at(random.nextLong(4 * MS), () -> send(reader));
    }
  }

  /** The client gets what is on its way, now and then much later. */
  private void arrive(Reader reader, int stream) {
    if (stream != reader.stream) {
      return;
    }
    int some = random.nextInt(6);
    while (some-- > 0 && !reader.onItsWay.isEmpty()) {
      Shown shown = reader.onItsWay.poll();
      reader.got = shown.cursor();
      now++;
      events.add(new Shown(shown.reader(), shown.stream(), shown.id(), shown.cursor(), now));
    }
    if (now < end + 600 * MS || !reader.onItsWay.isEmpty()) {
      boolean held = random.nextInt(20) == 0;
      at(held ? random.nextLong(60 * MS) : random.nextLong(MS), () -> arrive(reader, stream));
    }
  }

  // ---------------------------------------------------------------- the end

  private Stored stored() {
    Map<String, List<Long>> posts = new TreeMap<>();
    Map<String, List<String>> following = new TreeMap<>();
    Map<String, List<String>> followers = new TreeMap<>();
    Map<String, List<Long>> timelines = new TreeMap<>();
    Map<String, List<String>> users = new TreeMap<>();
    Map<String, Map<String, String>> digests = new TreeMap<>();
    homes.forEach((user, _) -> {
      Cluster home = clusterOf.get(user);
      following.put(user, List.copyOf(home.followingOf(user).keySet()));
      followers.put(user, List.copyOf(home.followersOf(user)));
      posts.put(
          user,
          home.postsOf(user).stream().filter(kept -> !kept.deleted).map(kept -> kept.id).toList());
      timelines.put(user, timeline(home, user).reversed().stream().map(kept -> kept.id).toList());
    });
    for (Cluster cluster : clusters) {
      users.put(cluster.name, List.copyOf(homes.keySet()));
      digests.put(cluster.name, Map.of(cluster.name + "-1", "x", cluster.name + "-2", "x"));
    }
    return new Stored(posts, following, followers, timelines, users, digests, List.of());
  }
}
