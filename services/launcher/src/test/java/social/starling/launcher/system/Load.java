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
import social.starling.client.ClientOptions;
import social.starling.client.EventStream;
import social.starling.client.NamePage;
import social.starling.client.Post;
import social.starling.client.PostPage;
import social.starling.client.StarlingClient;
import social.starling.client.StarlingException;
import social.starling.client.TimelineEvent;

/**
 * Writers and readers at work, half of them through the router and half directly with the servers:
 * authors who post; an author who deletes; a user who follows and unfollows; readers with a stream
 * left open; readers who check that no read misses what was acknowledged before.
 */
final class Load implements AutoCloseable {

  /** How a client reaches the servers. */
  enum Way {
    ROUTER,
    DIRECT
  }

  private static final Duration PAUSE = Duration.ofMillis(10);

  /** Longer than a process takes to start again on a machine that is busy otherwise. */
  private static final Duration DEADLINE = Duration.ofSeconds(20);

  private static final int AUTHORS_PER_WAY = 3;
  private static final int PAGE = PostPage.MAX_LIMIT;

  private record Acknowledged(Way way, long begun, long ended) {}

  private final String router;
  private final History history = new History();
  private final List<StarlingClient> clients = new ArrayList<>();
  private final List<EventStream> streams = new ArrayList<>();
  private final List<String> authors = new ArrayList<>();
  private final Set<String> readers = new TreeSet<>();
  private final List<String> failures = new CopyOnWriteArrayList<>();
  private final List<Acknowledged> recent = new ArrayList<>();
  private final ScheduledExecutorService workers = Executors.newScheduledThreadPool(14);
  private final AtomicInteger reads = new AtomicInteger();

  Load(String router) {
    this.router = router;
  }

  /** Registers everybody, opens the streams and lets the work begin. */
  void begin() throws InterruptedException {
    Map<String, Way> ways = new TreeMap<>();
    for (Way way : Way.values()) {
      String suffix = "_" + way.name().toLowerCase(Locale.ROOT);
      for (int i = 1; i <= AUTHORS_PER_WAY; i++) {
        ways.put("author" + i + suffix, way);
      }
    }
    ways.forEach((author, way) -> {
      client(author, way).login();
      authors.add(author);
    });
    for (Way way : Way.values()) {
      openStream("reader_" + way, way);
    }
    ways.forEach((author, way) -> write(author, way));
    for (Way way : Way.values()) {
      checkReads("checker_" + way, way);
      change("fickle_" + way, way);
      writeAndDelete("deleter_" + way, way);
    }
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
   * Waits until a write that began after a moment was acknowledged.
   *
   * @param since as nanoTime
   * @return from that moment to the acknowledgement
   */
  Duration nextAcknowledged(Way way, long since) {
    long ended =
        await("a write through " + way + " is acknowledged")
            .atMost(Duration.ofSeconds(30))
            .pollInterval(Duration.ofMillis(10))
            .until(() -> firstSince(way, since), OptionalLong::isPresent)
            .getAsLong();
    return Duration.ofNanos(ended - since);
  }

  private OptionalLong firstSince(Way way, long since) {
    synchronized (recent) {
      return recent.stream()
          .filter(write -> write.way() == way && write.begun() - since >= 0)
          .mapToLong(Acknowledged::ended)
          .min();
    }
  }

  private void acknowledged(Way way, long begun) {
    long now = System.nanoTime();
    synchronized (recent) {
      recent.add(new Acknowledged(way, begun, now));
      if (recent.size() > 100_000) {
        recent.subList(0, 50_000).clear();
      }
    }
  }

  private StarlingClient client(String user, Way way) {
    StarlingClient client =
        StarlingClient.connect(
            ClientOptions.of(user)
                .withRouters(List.of(router))
                .withDirect(way == Way.DIRECT)
                .withDeadline(DEADLINE));
    clients.add(client);
    return client;
  }

  private void write(String author, Way way) {
    StarlingClient client = client(author, way);
    AtomicInteger number = new AtomicInteger();
    repeat(
        author,
        () ->
            post(
                client,
                way,
                "%s %d\nZeile zwei: ä, 鳥 🐦".formatted(author, number.incrementAndGet())));
  }

  private OptionalLong post(StarlingClient client, Way way, String text) {
    long begun = System.nanoTime();
    try {
      Post answer = client.post(text);
      history.posted(client.user(), text, answer);
      acknowledged(way, begun);
      return OptionalLong.of(answer.id());
    } catch (StarlingException e) {
      if (e.outcomeUnknown()) {
        history.postUnknown(client.user(), text);
      }
      throw e;
    }
  }

  private void writeAndDelete(String author, Way way) {
    StarlingClient client = client(author, way);
    client.login();
    AtomicInteger number = new AtomicInteger();
    repeat(
        author,
        () -> {
          int n = number.incrementAndGet();
          OptionalLong id = post(client, way, author + " " + n);
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

  private void change(String user, Way way) {
    StarlingClient client = client(user, way);
    client.login();
    Set<String> following = new HashSet<>();
    Set<String> unknown = new HashSet<>();
    AtomicInteger turn = new AtomicInteger();
    repeat(
        user,
        () -> {
          String name = authors.get(turn.getAndIncrement() % authors.size());
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

  private void checkReads(String user, Way way) {
    StarlingClient client = client(user, way);
    client.login();
    AtomicInteger turn = new AtomicInteger();
    repeat(
        user,
        () -> {
          String author = authors.get(turn.getAndIncrement() % authors.size());
          long newest = history.newestAcknowledged(author);
          List<Post> posts = client.posts(author, PostPage.newest(1));
          long read = posts.isEmpty() ? 0 : posts.getFirst().id();
          reads.incrementAndGet();
          if (read < newest) {
            history.staleRead(
                "a read through %s missed #%d of %s, acknowledged before it began: it saw #%d"
                    .formatted(way, newest, author, read));
          }
        });
  }

  private void openStream(String reader, Way way) throws InterruptedException {
    StarlingClient client = client(reader, way);
    client.login();
    authors.forEach(client::follow);
    authors.forEach(author -> history.followed(reader, author, History.Following.YES));
    EventStream stream = client.stream(0);
    streams.add(stream);
    readers.add(reader);
    CountDownLatch open = new CountDownLatch(1);
    Thread.ofVirtual().name(reader).start(() -> read(reader, stream, open));
    assertThat(open.await(20, TimeUnit.SECONDS)).as("the stream of %s is open", reader).isTrue();
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
      failures.add(reader + ": the stream ended: " + e.getMessage());
    }
  }

  private void repeat(String user, Runnable work) {
    workers.scheduleWithFixedDelay(
        () -> {
          try {
            work.run();
          } catch (StarlingException e) {
            failures.add(user + ": " + e.getMessage());
          } catch (RuntimeException e) {
            failures.add(user + ": " + e);
            throw e;
          }
        },
        0,
        PAUSE.toMillis(),
        TimeUnit.MILLISECONDS);
  }

  /** Lets the work end, what is under way too. */
  void end() throws InterruptedException {
    workers.shutdown();
    assertThat(workers.awaitTermination(30, TimeUnit.SECONDS)).as("all workers end").isTrue();
  }

  /** After the end: waits until the streams have shown the last posts. */
  void awaitStreams() {
    for (String reader : readers) {
      for (String author : authors) {
        long newest = history.newestAcknowledged(author);
        await("%s sees the last post of %s".formatted(reader, author))
            .atMost(Duration.ofSeconds(20))
            .until(() -> newest == 0 || history.hasSeen(reader, newest));
      }
    }
  }

  /** After the end: reads back everything, and compares. */
  List<String> violations() {
    Map<String, List<Post>> posts = new TreeMap<>();
    Map<String, Set<String>> following = new TreeMap<>();
    try (StarlingClient client =
        StarlingClient.connect(ClientOptions.of("auditor").withRouters(List.of(router)))) {
      client.login();
      for (String author : history.writes().keySet()) {
        posts.put(author, all(client, author));
      }
      for (String user : history.follows().keySet()) {
        following.put(user, following(client, user));
      }
    }
    Map<String, Set<String>> follows = new TreeMap<>();
    readers.forEach(reader -> follows.put(reader, Set.copyOf(authors)));
    return Checker.violations(history, new Checker.Stored(posts, following), follows);
  }

  private static List<Post> all(StarlingClient client, String author) {
    List<Post> posts = new ArrayList<>();
    PostPage page = PostPage.newest(PAGE);
    while (true) {
      List<Post> some = client.posts(author, page);
      posts.addAll(some);
      if (some.size() < PAGE) {
        Collections.reverse(posts);
        return posts;
      }
      page = page.below(some.getLast().id());
    }
  }

  private static Set<String> following(StarlingClient client, String user) {
    Set<String> names = new TreeSet<>();
    try (StarlingClient self = client.as(user)) {
      NamePage page = self.listFollowing(200, "");
      names.addAll(page.names());
      while (!page.next().isEmpty()) {
        page = self.listFollowing(200, page.next());
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
