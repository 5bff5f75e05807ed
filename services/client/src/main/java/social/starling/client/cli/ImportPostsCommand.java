package social.starling.client.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.Function;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import social.starling.client.StarlingClient;
import social.starling.common.ExitCode;

@Command(
    name = "import-posts",
    description = {
      "Post JSON lines: {\"author\": …, \"text\": …}, each author's posts in the order given.",
      "Everything is checked before the first post is sent. Authors are registered."
    })
final class ImportPostsCommand implements Callable<Integer> {

  private static final Duration DEADLINE = Duration.ofMinutes(1);
  private static final Duration PROGRESS = Duration.ofMillis(200);
  private static final int MAX_CONNECTIONS = 64;

  @Parameters(arity = "1..*", paramLabel = "FILE", description = "Files; - is standard input.")
  private List<Path> files;

  @Mixin private ConnectionOptions connection;
  @Mixin private OutputOptions output;

  @Option(
      names = "--connections",
      paramLabel = "N",
      defaultValue = "4",
      description = "1 to 64 (default: 4).")
  private int connections;

  @Option(
      names = "--state",
      paramLabel = "FILE",
      description =
          "Notes what was acknowledged: an import that was interrupted goes on from there when it"
              + " is given the same input and state file, without posting anything twice.")
  private Path stateFile;

  @Spec private CommandSpec spec;

  private final Io io;

  ImportPostsCommand(Io io) {
    this.io = io;
  }

  @Override
  public Integer call() {
    if (connections < 1 || connections > MAX_CONNECTIONS) {
      throw new ParameterException(
          spec.commandLine(), "--connections: must be 1 to 64, not " + connections);
    }
    List<Path> inputs = new ArrayList<>();
    Path spool = null;
    try {
      for (Path file : files) {
        if (file.toString().equals("-") && spool == null) {
          spool = spool();
          inputs.add(spool);
        } else {
          inputs.add(file);
        }
      }
      run(inputs);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return ExitCode.FAILED;
    } finally {
      delete(spool);
    }
    return ExitCode.DONE;
  }

  private void run(List<Path> inputs) throws InterruptedException {
    Checked checked = check(inputs);
    long began = System.nanoTime();
    List<StarlingClient> shared = new ArrayList<>();
    try (ImportState state =
            stateFile == null
                ? ImportState.inMemory()
                : ImportState.open(stateFile, checked.sha());
        Importing importing = new Importing(clients(shared), state)) {
      Thread progress = progress(importing, checked.posts());
      try {
        give(inputs, importing);
        importing.finish();
      } finally {
        progress.interrupt();
        progress.join();
      }
      summary(importing, Duration.ofNanos(System.nanoTime() - began));
    } finally {
      shared.forEach(StarlingClient::close);
    }
  }

  private record Checked(long posts, String sha) {}

  private static Checked check(List<Path> inputs) {
    MessageDigest digest = sha256();
    long posts = 0;
    for (Path input : inputs) {
      try (PostFile file = PostFile.open(input)) {
        while (file.next(digest) != null) {
          posts++;
        }
      }
    }
    return new Checked(posts, HexFormat.of().formatHex(digest.digest()));
  }

  private static void give(List<Path> inputs, Importing importing) throws InterruptedException {
    for (Path input : inputs) {
      try (PostFile file = PostFile.open(input)) {
        for (PostFile.Item item = file.next(null); item != null; item = file.next(null)) {
          if (!importing.give(item)) {
            return;
          }
        }
      }
    }
  }

  // Authors share connections, dealt out in turn.
  private Function<String, StarlingClient> clients(List<StarlingClient> shared) {
    int[] next = {0};
    return author -> {
      synchronized (shared) {
        int index = next[0]++ % connections;
        if (index == shared.size()) {
          shared.add(connection.connect(author, io, DEADLINE, address -> {}));
        }
        return shared.get(index).as(author);
      }
    };
  }

  private Thread progress(Importing importing, long posts) {
    return Thread.ofVirtual()
        .name("progress")
        .start(() -> {
          if (!io.terminal().getAsBoolean()) {
            return;
          }
          try {
            while (true) {
              Thread.sleep(PROGRESS);
              long done = importing.posted() + importing.skipped();
              io.err().raw("\r" + done + " of " + posts + " posts");
            }
          } catch (InterruptedException e) {
            io.err().raw("\r" + " ".repeat(50) + "\r");
          }
        });
  }

  private void summary(Importing importing, Duration took) {
    double seconds = took.toMillis() / 1000.0;
    if (output.json()) {
      io.out()
          .line(
              new Json()
                  .put("posts", importing.posted())
                  .put("skipped", importing.skipped())
                  .put("authors", importing.authors())
                  .put("millis", took.toMillis())
                  .put("retries", importing.retries())
                  .toString());
      return;
    }
    String skipped = importing.skipped() == 0 ? "" : ", " + importing.skipped() + " posted before";
    io.out()
        .line(
            "%d posts of %d authors in %.1f s (%.0f/s), %d retries%s"
                .formatted(
                    importing.posted(),
                    importing.authors(),
                    seconds,
                    importing.posted() / Math.max(seconds, 0.001),
                    importing.retries(),
                    skipped));
  }

  private Path spool() {
    try {
      Path spool = Files.createTempFile("starling-import-", ".jsonl");
      Files.copy(io.in(), spool, StandardCopyOption.REPLACE_EXISTING);
      return spool;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void delete(Path spool) {
    try {
      if (spool != null) {
        Files.deleteIfExists(spool);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }
}
