package social.starling.torture.load;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.random.RandomGenerator;
import java.util.random.RandomGenerator.SplittableGenerator;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import social.starling.client.ClientOptions;
import social.starling.client.StarlingClient;
import social.starling.torture.history.Call.Via;

/**
 * Everybody who is at work in a run, as many in each cluster, half of them through a router and
 * half directly with the servers, if they can be reached:
 *
 * <ul>
 *   <li><b>authors</b> post, look at once whether it is there, and delete some;
 *   <li><b>registers</b> are users in whose name two sessions post at once, while others read the
 *       newest post again and again;
 *   <li><b>fickle</b> users follow and unfollow authors of all clusters, and look whom they follow;
 *   <li><b>readers</b> follow all authors and hold a stream, with breaks;
 *   <li><b>latecomers</b> hold a stream and follow and unfollow one author after the other;
 *   <li><b>pagers</b> follow all authors and read their timeline, page by page.
 * </ul>
 *
 * <p>Each has a thread of its own. Thread-safe.
 */
public final class Crowd implements AutoCloseable {

  private static final Duration SETTLING = Duration.ofSeconds(60);
  private static final Duration AGAIN = Duration.ofMillis(50);
  private static final int MOST_TO_DELETE = 20;
  private static final int PAGE = 20;

  /** Pauses between the calls of one session, and how long a stream is held, on average. */
  public record Pace(Duration authors, Duration registers, Duration others, Duration stay) {

    /** The one of a rate in calls a second over all clusters, at least 10. */
    public static Pace of(double rate, int clusters) {
      // Each cluster: 2 authors, 4 sessions of a register, 1 fickle, 1 latecomer, 1 pager.
      double each = rate / clusters;
      return new Pace(
          seconds(2 / (0.40 * each)),
          seconds(4 / (0.35 * each)),
          seconds(2 / (0.25 * each)),
          Duration.ofSeconds(15));
    }

    private static Duration seconds(double seconds) {
      return Duration.ofNanos((long) (seconds * 1e9));
    }
  }

  /**
   * How everybody gets in.
   *
   * @param routers {@code host:port} of each
   * @param direct half of the sessions go straight to the servers; else all by a router
   * @param firstNumber of users: beyond those of earlier crowds of the same installation
   */
  public record Entrance(List<String> routers, boolean direct, int firstNumber) {

    public Entrance {
      routers = List.copyOf(routers);
    }

    /** The ways of two who do the same. */
    private List<Via> ways() {
      return List.of(Via.ROUTER, direct ? Via.DIRECT : Via.ROUTER);
    }
  }

  private final Entrance entrance;
  private final List<String> clusters;
  private final Function<String, String> homes;
  private final Duration deadline;
  private final Pace pace;
  private final Notebook notebook;
  private final SplittableGenerator random;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final List<StarlingClient> clients = new ArrayList<>();
  private final Map<String, String> people = new LinkedHashMap<>();
  private final List<String> authors = new ArrayList<>();
  private final List<Reader> readers = new ArrayList<>();
  private final List<Reader> latecomers = new ArrayList<>();
  private final AtomicInteger atWork = new AtomicInteger();
  private final List<String> failures = new CopyOnWriteArrayList<>();
  private volatile boolean ended;
  private int sessions;

  /**
   * Nobody is at work yet.
   *
   * @param homes in which cluster a user of some name lives
   * @param deadline of a call: longer than what a recovery takes, so that few outcomes are unknown
   */
  public Crowd(
      Entrance entrance,
      List<String> clusters,
      Function<String, String> homes,
      Duration deadline,
      Pace pace,
      Notebook notebook,
      SplittableGenerator random) {
    this.entrance = entrance;
    this.clusters = clusters;
    this.homes = homes;
    this.deadline = deadline;
    this.pace = pace;
    this.notebook = notebook;
    this.random = random;
  }

  /** Registers everybody, lets readers open their streams, and then everybody begin. */
  public void begin() throws InterruptedException {
    List<Runnable> work = new ArrayList<>();
    for (String cluster : clusters) {
      for (Via via : entrance.ways()) {
        Session author = registered("author", cluster, via);
        authors.add(author.user());
        RandomGenerator choice = random.split();
        work.add(() -> writeAndDelete(author, choice));
      }
      Session register = registered("register", cluster, Via.ROUTER);
      authors.add(register.user());
      for (Via via : entrance.ways()) {
        Session writer = session(register.user(), via);
        RandomGenerator choice = random.split();
        work.add(() -> write(writer, choice));
      }
    }
    for (String cluster : clusters) {
      for (Via via : entrance.ways()) {
        readers.add(reader(registered("reader", cluster, via), true));
      }
      latecomers.add(reader(registered("latecomer", cluster, other(cluster)), false));
      List<String> registers =
          authors.stream().filter(name -> name.startsWith("register")).toList();
      for (Via via : entrance.ways()) {
        Session looker = registered("looker", cluster, via);
        RandomGenerator choice = random.split();
        work.add(() -> look(looker, registers, choice));
      }
      Session fickle = registered("fickle", cluster, other(cluster));
      RandomGenerator turns = random.split();
      work.add(() -> change(fickle, turns, pace.others()));
      Session pager = registered("pager", cluster, other(cluster));
      followAll(pager);
      RandomGenerator pages = random.split();
      work.add(() -> page(pager, pages));
      Session latecomer = session(latecomers.getLast().user(), other(cluster));
      RandomGenerator late = random.split();
      work.add(() -> change(latecomer, late, pace.others().multipliedBy(8)));
    }
    for (Reader reader : everyReader()) {
      threads.submit(reader::read);
    }
    for (Reader reader : everyReader()) {
      if (!reader.awaitOpen(SETTLING)) {
        throw new IllegalStateException("the stream of " + reader.user() + " does not open");
      }
    }
    work.forEach(this::start);
  }

  private void start(Runnable work) {
    atWork.incrementAndGet();
    threads.submit(() -> {
      try {
        work.run();
      } catch (RuntimeException e) {
        failures.add(e.toString());
      } finally {
        atWork.decrementAndGet();
      }
    });
  }

  /** What ended somebody's work by a fault in this program; empty when nothing did. */
  public List<String> failures() {
    return List.copyOf(failures);
  }

  private List<Reader> everyReader() {
    return Stream.concat(readers.stream(), latecomers.stream()).toList();
  }

  /** Everybody, with the cluster where each lives. */
  public Map<String, String> people() {
    return Map.copyOf(people);
  }

  /** Those who post. */
  public List<String> authors() {
    return List.copyOf(authors);
  }

  /** Those who followed all authors before their first post, and held a stream. */
  public List<String> readers() {
    return readers.stream().map(Reader::user).toList();
  }

  /** Those who followed all authors before their first post, in any way. */
  public List<String> timelines() {
    return people.keySet().stream()
        .filter(name -> name.startsWith("reader") || name.startsWith("pager"))
        .toList();
  }

  private Reader reader(Session session, boolean all) throws InterruptedException {
    if (all) {
      followAll(session);
    }
    return new Reader(session, notebook, random.split(), pace.stay());
  }

  private Via other(String cluster) {
    return entrance.ways().get(clusters.indexOf(cluster) % 2);
  }

  private Session registered(String role, String cluster, Via via) throws InterruptedException {
    String name =
        IntStream.range(entrance.firstNumber(), entrance.firstNumber() + 10_000)
            .mapToObj(i -> role + i)
            .filter(one -> !people.containsKey(one) && homes.apply(one).equals(cluster))
            .findFirst()
            .orElseThrow();
    Session session = session(name, via);
    until("%s registers".formatted(name), session::register);
    people.put(name, cluster);
    return session;
  }

  private Session session(String user, Via via) {
    StarlingClient client =
        StarlingClient.connect(
            ClientOptions.of(user)
                .withRouters(entrance.routers())
                .withDirect(via == Via.DIRECT)
                .withDeadline(deadline));
    clients.add(client);
    sessions++;
    return new Session(sessions, client, via, notebook);
  }

  // A name is known in another cluster a moment after it was registered.
  private void followAll(Session session) throws InterruptedException {
    for (String author : authors) {
      until("%s follows %s".formatted(session.user(), author), () -> session.follow(author));
    }
  }

  private static void until(String what, BooleanSupplier done) throws InterruptedException {
    long end = System.nanoTime() + SETTLING.toNanos();
    while (!done.getAsBoolean()) {
      if (System.nanoTime() - end > 0) {
        throw new IllegalStateException(what + ": not within " + SETTLING.toSeconds() + " s");
      }
      Thread.sleep(AGAIN);
    }
  }

  private void writeAndDelete(Session author, RandomGenerator choice) {
    List<Long> own = new ArrayList<>();
    for (int i = 1; !ended; i++) {
      Optional<Long> id = author.post(text(author.user(), i, choice));
      if (id.isPresent()) {
        own.add(id.get());
      }
      if (choice.nextInt(3) == 0) {
        author.posts(author.user(), 0, 5);
      }
      if (!own.isEmpty() && choice.nextInt(8) == 0) {
        int from = Math.max(0, own.size() - MOST_TO_DELETE);
        author.delete(own.remove(choice.nextInt(from, own.size())));
      }
      pause(pace.authors(), choice);
    }
  }

  private static String text(String user, int number, RandomGenerator choice) {
    String text = "%s %d\nZeile zwei: ä, 鳥 🐦".formatted(user, number);
    return choice.nextInt(20) == 0 ? text + " …".repeat(choice.nextInt(1, 1_000)) : text;
  }

  private void write(Session writer, RandomGenerator choice) {
    String name = "%s/%d".formatted(writer.user(), writer.number());
    for (int i = 1; !ended; i++) {
      writer.post(text(name, i, choice));
      pause(pace.registers(), choice);
    }
  }

  private void look(Session looker, List<String> registers, RandomGenerator choice) {
    while (!ended) {
      looker.posts(registers.get(choice.nextInt(registers.size())), 0, 1);
      pause(pace.registers(), choice);
    }
  }

  private void change(Session session, RandomGenerator choice, Duration pause) {
    List<String> following = new ArrayList<>();
    while (!ended) {
      String name = authors.get(choice.nextInt(authors.size()));
      if (following.contains(name)) {
        session.unfollow(name);
      } else {
        session.follow(name);
      }
      // What an unknown outcome has come to is told by the next look.
      session
          .following()
          .ifPresent(names -> {
            following.clear();
            following.addAll(names);
          });
      pause(pause, choice);
    }
  }

  private void page(Session pager, RandomGenerator choice) {
    while (!ended) {
      List<Long> ids = pager.timeline(0, PAGE);
      for (int page = choice.nextInt(3); page > 0 && ids.size() == PAGE; page--) {
        ids = pager.timeline(ids.getLast(), PAGE);
      }
      pause(pace.others(), choice);
    }
  }

  private void pause(Duration mean, RandomGenerator choice) {
    try {
      long nanos = (long) (mean.toNanos() * Math.min(5, choice.nextExponential()));
      long end = System.nanoTime() + nanos;
      while (!ended && System.nanoTime() - end < 0) {
        Thread.sleep(Duration.ofNanos(Math.clamp(end - System.nanoTime(), 0, AGAIN.toNanos())));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /**
   * Lets everybody but the readers of streams end what is under way.
   *
   * @throws TimeoutException when somebody does not end
   */
  public void endWork() throws InterruptedException, TimeoutException {
    ended = true;
    // Readers go on; every call ends within its deadline.
    long end = System.nanoTime() + deadline.multipliedBy(3).toNanos();
    while (atWork.get() > 0) {
      if (System.nanoTime() - end > 0) {
        throw new TimeoutException(atWork.get() + " clients do not end");
      }
      Thread.sleep(AGAIN);
    }
  }

  /**
   * Waits until the streams of those who follow everybody have shown the newest posts.
   *
   * @param newest by author
   * @return what is missing when the time is over, in words
   */
  public List<String> awaitShown(Map<String, Long> newest, Duration patience)
      throws InterruptedException {
    long end = System.nanoTime() + patience.toNanos();
    while (true) {
      List<String> missing = new ArrayList<>();
      for (Reader reader : readers) {
        newest.forEach((author, id) -> {
          if (reader.newest(author) < id) {
            missing.add("%s was not shown #%d of %s".formatted(reader.user(), id, author));
          }
        });
      }
      if (missing.isEmpty() || System.nanoTime() - end > 0) {
        return missing;
      }
      Thread.sleep(AGAIN);
    }
  }

  /** Closes everything. */
  @Override
  public void close() {
    ended = true;
    everyReader().forEach(Reader::end);
    clients.forEach(StarlingClient::close);
    threads.shutdownNow();
  }
}
