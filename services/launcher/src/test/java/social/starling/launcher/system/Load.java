package social.starling.launcher.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import social.starling.client.ClientOptions;
import social.starling.client.EventStream;
import social.starling.client.NamePage;
import social.starling.client.Post;
import social.starling.client.PostPage;
import social.starling.client.StarlingClient;
import social.starling.client.StarlingException;
import social.starling.client.TimelineEvent;
import social.starling.client.UserPage;
import social.starling.proto.sns.v1.Reason;

/**
 * Writers and readers at work in each of several clusters, half of them through the router and half
 * directly with the servers: authors who post; an author who deletes; a user who follows and
 * unfollows authors everywhere; readers with a stream left open who follow all authors of all
 * clusters; one who follows one more author now and then, with a stream left open all the time;
 * readers who check that no read misses what was acknowledged before.
 */
final class Load implements AutoCloseable {

  /** How a client reaches the servers. */
  enum Way {
    ROUTER,
    DIRECT
  }

  private static final Duration PAUSE = Duration.ofMillis(40);
  private static final Duration PAUSE_OF_LATECOMERS = Duration.ofSeconds(4);

  /** Longer than a process takes to start again on a machine that is busy otherwise. */
  private static final Duration DEADLINE = Duration.ofSeconds(40);

  /** Longer than any bound, so that what is too slow says how slow. */
  private static final Duration PATIENCE = Duration.ofSeconds(70);

  private static final int PAGE = PostPage.MAX_LIMIT;

  /** Someone who lives in a cluster and reaches it some way. */
  private record Person(String name, String cluster, Way way) {}

  private record Acknowledged(String cluster, Way way, long begun, long ended) {}

  private final String router;
  private final List<String> clusters;
  private final Function<String, String> homes;
  private final History history = new History();
  private final List<StarlingClient> clients = new ArrayList<>();
  private final List<EventStream> streams = new ArrayList<>();
  private final List<Person> authors = new ArrayList<>();
  private final List<Person> deleters = new ArrayList<>();
  private final List<Person> readers = new ArrayList<>();
  private final List<String> failures = new CopyOnWriteArrayList<>();
  private final List<Acknowledged> recent = new ArrayList<>();
  private final ScheduledExecutorService workers =
      Executors.newScheduledThreadPool(40, Thread.ofVirtual().factory());
  private final AtomicInteger reads = new AtomicInteger();

  /**
   * @param homes tells in which of the clusters a user of some name lives
   */
  Load(String router, List<String> clusters, Function<String, String> homes) {
    this.router = router;
    this.clusters = clusters;
    this.homes = homes;
  }

  /** A person whose name makes them live in the cluster. */
  private Person person(String role, String cluster, Way way) {
    return IntStream.range(0, 1000)
        .mapToObj(i -> "%s%d_%s".formatted(role, i, way.name().toLowerCase(Locale.ROOT)))
        .filter(name -> homes.apply(name).equals(cluster))
        .findFirst()
        .map(name -> new Person(name, cluster, way))
        .orElseThrow();
  }

  /** Registers everybody, opens the streams and lets the work begin. */
  void begin() throws InterruptedException {
    for (String cluster : clusters) {
      for (Way way : Way.values()) {
        authors.add(registered(person("author", cluster, way)));
      }
      deleters.add(registered(person("deleter", cluster, other(cluster))));
    }
    for (Way way : Way.values()) {
      for (String cluster : clusters) {
        Person reader = person("reader", cluster, way);
        readers.add(reader);
        openStream(reader);
      }
    }
    authors.forEach(this::write);
    deleters.forEach(this::writeAndDelete);
    for (String cluster : clusters) {
      comeLate(person("latecomer", cluster, other(cluster)));
      change(person("fickle", cluster, other(cluster)));
      checkReads(person("checker", cluster, other(cluster)));
    }
  }

  // Each cluster has some of either way, and each role too.
  private Way other(String cluster) {
    return Way.values()[clusters.indexOf(cluster) % Way.values().length];
  }

  private Person registered(Person person) {
    client(person).login();
    return person;
  }

  /** The names of all who post. */
  private List<String> writers() {
    return Stream.concat(authors.stream(), deleters.stream()).map(Person::name).toList();
  }

  List<String> authorsOf(String cluster) {
    return authors.stream()
        .filter(author -> author.cluster().equals(cluster))
        .map(Person::name)
        .toList();
  }

  History history() {
    return history;
  }

  int reads() {
    return reads.get();
  }

  /** Calls that failed so far, in sentences. */
  List<String> failures() {
    return List.copyOf(failures);
  }

  /**
   * Waits until a write that began after a moment was acknowledged in a cluster.
   *
   * @param since as nanoTime
   * @return from that moment to the acknowledgement
   */
  Duration nextAcknowledged(String cluster, Way way, long since) {
    long ended =
        await("a write through %s in %s is acknowledged".formatted(way, cluster))
            .atMost(PATIENCE)
            .pollInterval(Duration.ofMillis(10))
            .until(() -> firstSince(cluster, way, since), OptionalLong::isPresent)
            .getAsLong();
    return Duration.ofNanos(ended - since);
  }

  /**
   * Waits until a post of each cluster that began after a moment was shown by a stream of each
   * other one.
   *
   * @param since as nanoTime
   * @return from that moment until the last of them was shown
   */
  Duration nextCrossing(long since) {
    Duration longest = Duration.ZERO;
    for (Person reader : readers) {
      for (String cluster : clusters) {
        if (!cluster.equals(reader.cluster())) {
          Duration took = Duration.ofNanos(nextShown(reader, cluster, since) - since);
          longest = took.compareTo(longest) > 0 ? took : longest;
        }
      }
    }
    return longest;
  }

  private long nextShown(Person reader, String cluster, long since) {
    return await("%s of %s sees a post of %s".formatted(reader.name(), reader.cluster(), cluster))
        .atMost(PATIENCE)
        .pollInterval(Duration.ofMillis(10))
        .until(
            () ->
                authorsOf(cluster).stream()
                    .map(author -> history.firstSeen(reader.name(), author, since))
                    .flatMapToLong(OptionalLong::stream)
                    .min(),
            OptionalLong::isPresent)
        .getAsLong();
  }

  private OptionalLong firstSince(String cluster, Way way, long since) {
    synchronized (recent) {
      return recent.stream()
          .filter(write -> write.way() == way && write.cluster().equals(cluster))
          .filter(write -> write.begun() - since >= 0)
          .mapToLong(Acknowledged::ended)
          .min();
    }
  }

  private void acknowledged(Person person, long begun) {
    long now = System.nanoTime();
    synchronized (recent) {
      recent.add(new Acknowledged(person.cluster(), person.way(), begun, now));
      if (recent.size() > 20_000) {
        recent.subList(0, 10_000).clear();
      }
    }
  }

  private StarlingClient client(Person person) {
    StarlingClient client =
        StarlingClient.connect(
            ClientOptions.of(person.name())
                .withRouters(List.of(router))
                .withDirect(person.way() == Way.DIRECT)
                .withDeadline(DEADLINE));
    clients.add(client);
    return client;
  }

  private void write(Person author) {
    StarlingClient client = client(author);
    AtomicInteger number = new AtomicInteger();
    repeat(
        author,
        () ->
            post(
                client,
                author,
                "%s %d\nZeile zwei: ä, 鳥 🐦".formatted(author.name(), number.incrementAndGet())));
  }

  private OptionalLong post(StarlingClient client, Person author, String text) {
    long begun = System.nanoTime();
    try {
      Post answer = client.post(text);
      history.posted(author.name(), text, begun, answer);
      acknowledged(author, begun);
      return OptionalLong.of(answer.id());
    } catch (StarlingException e) {
      if (e.outcomeUnknown()) {
        history.postUnknown(author.name(), text, begun);
      }
      throw e;
    }
  }

  private void writeAndDelete(Person author) {
    StarlingClient client = client(author);
    AtomicInteger number = new AtomicInteger();
    repeat(
        author,
        () -> {
          int n = number.incrementAndGet();
          OptionalLong id = post(client, author, author.name() + " " + n);
          if (n % 2 == 0) {
            delete(client, id.orElseThrow());
          }
        });
  }

  private void delete(StarlingClient client, long id) {
    try {
      client.delete(id);
      history.deleted(client.user(), id, History.Deletion.ACKNOWLEDGED);
    } catch (StarlingException e) {
      if (e.outcomeUnknown()) {
        history.deleted(client.user(), id, History.Deletion.UNKNOWN);
      }
      throw e;
    }
  }

  private void change(Person person) {
    StarlingClient client = client(person);
    client.login();
    String user = person.name();
    Set<String> following = new HashSet<>();
    Set<String> unknown = new HashSet<>();
    AtomicInteger turn = new AtomicInteger();
    repeat(
        person,
        () -> {
          String name = authors.get(turn.getAndIncrement() % authors.size()).name();
          if (unknown.contains(name)) {
            return;
          }
          boolean follow = !following.contains(name);
          try {
            if (follow) {
              client.follow(name);
              following.add(name);
            } else {
              client.unfollow(name);
              following.remove(name);
            }
            history.followed(user, name, follow ? History.Following.YES : History.Following.NO);
          } catch (StarlingException e) {
            if (e.outcomeUnknown()) {
              unknown.add(name);
              history.followed(user, name, History.Following.UNKNOWN);
            }
            throw e;
          }
        });
  }

  private void checkReads(Person person) {
    StarlingClient client = client(person);
    client.login();
    AtomicInteger turn = new AtomicInteger();
    repeat(
        person,
        () -> {
          String author = authors.get(turn.getAndIncrement() % authors.size()).name();
          long newest = history.newestAcknowledged(author);
          List<Post> posts = client.posts(author, PostPage.newest(1));
          long read = posts.isEmpty() ? 0 : posts.getFirst().id();
          reads.incrementAndGet();
          if (read < newest) {
            history.staleRead(
                "a read through %s missed #%d of %s, acknowledged before it began: it saw #%d"
                    .formatted(person.way(), newest, author, read));
          }
        });
  }

  private void openStream(Person reader) throws InterruptedException {
    StarlingClient client = client(reader);
    client.login();
    // A name is known in another cluster a moment after it was registered.
    writers().forEach(author -> follow(client, author));
    openStream(reader, client);
  }

  private void openStream(Person reader, StarlingClient client) throws InterruptedException {
    EventStream stream = client.stream(0);
    streams.add(stream);
    CountDownLatch open = new CountDownLatch(1);
    Thread.ofVirtual().name(reader.name()).start(() -> read(reader.name(), stream, open));
    assertThat(open.await(60, TimeUnit.SECONDS)).as("the stream of %s is open", reader).isTrue();
  }

  private void follow(StarlingClient client, String author) {
    await("%s follows %s".formatted(client.user(), author))
        .atMost(PATIENCE)
        .pollInterval(Duration.ofMillis(20))
        .until(() -> {
          try {
            client.follow(author);
            return true;
          } catch (StarlingException e) {
            if (e.reason().equals(Optional.of(Reason.USER_UNKNOWN))) {
              return false;
            }
            throw e;
          }
        });
    history.followed(client.user(), author, History.Following.YES);
  }

  /** Follows one more author now and then; the first post after that must be shown. */
  private void comeLate(Person person) throws InterruptedException {
    StarlingClient client = client(person);
    client.login();
    openStream(person, client);
    AtomicInteger turn = new AtomicInteger();
    workers.scheduleWithFixedDelay(
        () ->
            attempt(
                person,
                () -> {
                  if (turn.get() < writers().size()) {
                    String author = writers().get(turn.getAndIncrement());
                    try {
                      client.follow(author);
                      history.subscribed(person.name(), author, System.nanoTime());
                      history.followed(person.name(), author, History.Following.YES);
                    } catch (StarlingException e) {
                      history.followed(person.name(), author, History.Following.UNKNOWN);
                      throw e;
                    }
                  }
                }),
        0,
        PAUSE_OF_LATECOMERS.toMillis(),
        TimeUnit.MILLISECONDS);
  }

  private void read(String reader, EventStream stream, CountDownLatch open) {
    try {
      while (stream.hasNext()) {
        switch (stream.next()) {
          case TimelineEvent.Posted posted -> history.seen(reader, posted.post());
          case TimelineEvent.BacklogEnd end -> open.countDown();
        }
      }
    } catch (StarlingException e) {
      failed(reader + ": the stream ended: " + e.getMessage());
    }
  }

  private void repeat(Person person, Runnable work) {
    workers.scheduleWithFixedDelay(
        () -> attempt(person, work), 0, PAUSE.toMillis(), TimeUnit.MILLISECONDS);
  }

  private void attempt(Person person, Runnable work) {
    try {
      work.run();
    } catch (StarlingException e) {
      failed(
          "%s of %s: %s (%s)".formatted(person.name(), person.cluster(), e.getMessage(), e.word()));
    } catch (RuntimeException e) {
      failed(person.name() + ": " + e);
      throw e;
    }
  }

  private void failed(String sentence) {
    failures.add(sentence);
    System.out.println("failed: " + sentence);
  }

  /** Lets the work end, what is under way too. */
  void end() throws InterruptedException {
    workers.shutdown();
    assertThat(workers.awaitTermination(60, TimeUnit.SECONDS)).as("all workers end").isTrue();
  }

  /** After the end: waits until the streams have shown the last posts. */
  void awaitStreams() {
    for (Person reader : readers) {
      for (Person author : authors) {
        long newest = history.newestAcknowledged(author.name());
        await("%s sees the last post of %s".formatted(reader.name(), author.name()))
            .atMost(PATIENCE)
            .until(() -> newest == 0 || history.hasSeen(reader.name(), newest));
      }
    }
  }

  /**
   * After the end: reads back everything, and compares; again and again while something is wrong,
   * for changes of one cluster reach the others a moment later.
   */
  List<String> violations() throws InterruptedException {
    long end = System.nanoTime() + PATIENCE.toNanos();
    List<String> found = compare();
    while (!found.isEmpty() && System.nanoTime() < end) {
      found = compare();
    }
    return found;
  }

  private List<String> compare() {
    Map<String, List<Post>> posts = new TreeMap<>();
    Map<String, Set<String>> following = new TreeMap<>();
    Map<String, Set<String>> followers = new TreeMap<>();
    Map<String, Set<Long>> timelines = new TreeMap<>();
    try (StarlingClient client =
        StarlingClient.connect(ClientOptions.of("auditor").withRouters(List.of(router)))) {
      client.login();
      for (String author : history.writes().keySet()) {
        posts.put(author, all(page -> client.posts(author, page)));
      }
      for (String user : history.follows().keySet()) {
        following.put(user, names(client, user, StarlingClient::listFollowing));
      }
      for (String author : writers()) {
        followers.put(author, names(client, author, StarlingClient::listFollowers));
      }
      for (Person reader : readers) {
        try (StarlingClient self = client.as(reader.name())) {
          timelines.put(
              reader.name(),
              all(page -> self.timeline(page).posts()).stream()
                  .map(Post::id)
                  .collect(Collectors.toSet()));
        }
      }
    }
    Map<String, Set<String>> follows = new TreeMap<>();
    readers.forEach(reader -> follows.put(reader.name(), Set.copyOf(writers())));
    return Checker.violations(
        history, new Checker.Stored(posts, following, followers, timelines), follows);
  }

  /** After the end: the names of all users, as each cluster tells them. */
  Map<String, List<String>> users() {
    Map<String, List<String>> users = new TreeMap<>();
    for (String cluster : clusters) {
      try (StarlingClient client =
          StarlingClient.connect(
              ClientOptions.of(authorsOf(cluster).getFirst()).withRouters(List.of(router)))) {
        List<String> names = new ArrayList<>();
        UserPage page = client.listUsers(10, "");
        page.users().forEach(user -> names.add(user.name()));
        while (!page.next().isEmpty()) {
          page = client.listUsers(10, page.next());
          page.users().forEach(user -> names.add(user.name()));
        }
        users.put(cluster, names);
      }
    }
    return users;
  }

  private static List<Post> all(Function<PostPage, List<Post>> read) {
    List<Post> posts = new ArrayList<>();
    PostPage page = PostPage.newest(PAGE);
    while (true) {
      List<Post> some = read.apply(page);
      posts.addAll(some);
      if (some.size() < PAGE) {
        Collections.reverse(posts);
        return posts;
      }
      page = page.below(some.getLast().id());
    }
  }

  @FunctionalInterface
  private interface NamePages {
    NamePage read(StarlingClient client, int limit, String after);
  }

  private static Set<String> names(StarlingClient client, String user, NamePages pages) {
    Set<String> names = new TreeSet<>();
    try (StarlingClient self = client.as(user)) {
      NamePage page = pages.read(self, 200, "");
      names.addAll(page.names());
      while (!page.next().isEmpty()) {
        page = pages.read(self, 200, page.next());
        names.addAll(page.names());
      }
    }
    return names;
  }

  @Override
  public void close() {
    workers.shutdownNow();
    streams.forEach(EventStream::close);
    clients.forEach(StarlingClient::close);
  }
}
