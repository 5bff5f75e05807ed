package social.starling.bench.load;

import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import social.starling.bench.HelpOption;
import social.starling.client.ClientOptions;
import social.starling.client.NamePage;
import social.starling.client.PostPage;
import social.starling.client.StarlingClient;
import social.starling.client.StarlingException;
import social.starling.common.ExitCode;
import social.starling.common.StartException;
import social.starling.proto.sns.v1.Reason;

/** {@code bench setup}: makes the users, whom they follow, and something to read. */
@Command(
    name = "setup",
    description = {
      "Make the simulated users, whom they follow, and something to read.",
      "Does what is missing: an interrupted set-up is continued by the same command."
    })
public final class SetupCommand implements Callable<Integer> {

  /** A busy machine makes a set-up slow, and is no reason to give it up. */
  private static final java.time.Duration PATIENCE = java.time.Duration.ofSeconds(60);

  @Mixin private PopulationOptions population = new PopulationOptions();
  @Mixin private HelpOption help = new HelpOption();

  @Option(
      names = "--posts-each",
      paramLabel = "N",
      defaultValue = "5",
      description = "Posts of each user to begin with, 0 to 200. Default: ${DEFAULT-VALUE}.")
  private int postsEach = 5;

  @Option(
      names = "--clients",
      paramLabel = "N",
      defaultValue = "64",
      description = "Users set up at once. Default: ${DEFAULT-VALUE}.")
  private int clients = 64;

  @Option(
      names = "--direct",
      description = "Call the servers that the router names, instead of the router.")
  private boolean direct;

  @Option(
      names = "--limit",
      paramLabel = "DURATION",
      defaultValue = "15m",
      description = "Give up after this time. Default: ${DEFAULT-VALUE}.")
  private java.time.Duration limit = java.time.Duration.ofMinutes(15);

  @Override
  public Integer call() throws InterruptedException {
    if (postsEach < 0 || postsEach > 200 || clients < 1 || clients > 1000) {
      throw new StartException(
          ExitCode.USAGE, "--posts-each can be 0 to 200, and --clients 1 to 1000");
    }
    Population users = population.population();
    long started = System.nanoTime();
    Work work = new Work(users, postsEach);
    try (StarlingClient root =
        StarlingClient.connect(
            ClientOptions.of(users.name(0))
                .withRouters(population.target().routers())
                .withDirect(direct)
                .withDeadline(PATIENCE))) {
      // All must be there before the first follows.
      inParallel(users.size(), user -> work.register(root, user));
      inParallel(users.size(), user -> work.follow(root, user));
      inParallel(users.size(), user -> work.post(root, user));
    }
    System.out.printf(
        "%d users (%d new), %d follows made, %d posts made in %.1f s%n",
        users.size(),
        work.created.get(),
        work.follows.get(),
        work.posts.get(),
        (System.nanoTime() - started) / 1e9);
    return ExitCode.DONE;
  }

  private interface Task {
    void of(int user);
  }

  private void inParallel(int count, Task task) throws InterruptedException {
    AtomicInteger next = new AtomicInteger();
    AtomicReference<RuntimeException> failure = new AtomicReference<>();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < clients; i++) {
        threads.execute(() -> {
          int user;
          while (failure.get() == null && (user = next.getAndIncrement()) < count) {
            try {
              task.of(user);
            } catch (RuntimeException e) {
              failure.compareAndSet(null, e);
            }
          }
        });
      }
      threads.shutdown();
      if (!threads.awaitTermination(limit.toMillis(), TimeUnit.MILLISECONDS)) {
        failure.compareAndSet(
            null,
            new StartException(
                ExitCode.FAILED,
                "the set-up was not done within its limit; run it again to continue"));
      }
    }
    if (failure.get() != null) {
      throw new StartException(
          ExitCode.FAILED,
          "the set-up stopped: " + failure.get().getMessage() + "; run it again to continue",
          failure.get());
    }
  }

  /** What is done for each user, and how much of it was missing. Thread-safe. */
  private static final class Work {
    private static final int PAGE = 1000;
    private final Population users;
    private final int postsEach;
    private final AtomicLong created = new AtomicLong();
    private final AtomicLong follows = new AtomicLong();
    private final AtomicLong posts = new AtomicLong();

    Work(Population users, int postsEach) {
      this.users = users;
      this.postsEach = postsEach;
    }

    void register(StarlingClient root, int user) {
      try (StarlingClient client = root.as(users.name(user))) {
        if (client.login().created()) {
          created.incrementAndGet();
        }
      }
    }

    void follow(StarlingClient root, int user) {
      try (StarlingClient client = root.as(users.name(user))) {
        Set<String> present = new HashSet<>();
        String after = "";
        do {
          NamePage page = client.listFollowing(PAGE, after);
          present.addAll(page.names());
          after = page.next();
        } while (!after.isEmpty());
        for (int other : users.followedBy(user)) {
          if (!present.contains(users.name(other))) {
            followOnce(client, users.name(other));
          }
        }
      }
    }

    private void followOnce(StarlingClient client, String name) {
      try {
        client.follow(name);
        follows.incrementAndGet();
      } catch (StarlingException e) {
        if (e.reason().filter(Reason.ALREADY_FOLLOWING::equals).isEmpty()) {
          throw e;
        }
      }
    }

    void post(StarlingClient root, int user) {
      if (postsEach == 0) {
        return;
      }
      Texts texts = new Texts(200, user);
      try (StarlingClient client = root.as(users.name(user))) {
        int present = client.posts(client.user(), PostPage.newest(postsEach)).size();
        for (int i = present; i < postsEach; i++) {
          client.post(texts.next());
          posts.incrementAndGet();
        }
      }
    }
  }
}
