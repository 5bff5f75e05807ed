package social.starling.launcher;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import social.starling.common.ExitCode;
import social.starling.common.StartException;

/**
 * The API server that {@code kubectl} talks to, by that program: whoever works with a cluster has
 * it, and it knows every way to log in.
 */
final class Kubectl implements ApiServer {

  private static final Duration PATIENCE = Duration.ofSeconds(40);

  /** How it says that the API server answered 404. */
  private static final String NOT_FOUND = "(NotFound)";

  /** How it says that the API server answered 409. */
  private static final String CONFLICT = "(Conflict)";

  private final List<String> command;

  /** What a run left behind. */
  private record Outcome(int code, String out, String err) {}

  private Kubectl(List<String> command) {
    this.command = List.copyOf(command);
  }

  /**
   * The one in PATH.
   *
   * @param options that come before each command, such as {@code --context=x}
   */
  static Kubectl with(List<String> options) {
    List<String> command = new ArrayList<>(List.of("kubectl", "--request-timeout=30s"));
    command.addAll(options);
    return new Kubectl(command);
  }

  @Override
  public Optional<String> get(String path) throws InterruptedException {
    Outcome outcome = run("", "get", "--raw", path);
    return isMissing(outcome) ? Optional.empty() : Optional.of(done(outcome, "get " + path).out());
  }

  @Override
  public void create(String path, JsonObject object) throws InterruptedException {
    done(run(object.toString(), "create", "--raw", path, "-f", "-"), "create in " + path);
  }

  @Override
  public void delete(String path) throws InterruptedException {
    Outcome outcome = run("", "delete", "--raw", path);
    if (!isMissing(outcome)) {
      done(outcome, "delete " + path);
    }
  }

  @Override
  public boolean deleteUnchanged(String path, JsonObject asRead) throws InterruptedException {
    JsonObject preconditions = new JsonObject();
    for (String key : List.of("uid", "resourceVersion")) {
      Namespace.text(asRead, "metadata", key)
          .ifPresent(value -> preconditions.addProperty(key, value));
    }
    JsonObject options = new JsonObject();
    options.addProperty("apiVersion", "v1");
    options.addProperty("kind", "DeleteOptions");
    options.add("preconditions", preconditions);
    Outcome outcome = run(options.toString(), "delete", "--raw", path, "-f", "-");
    if (outcome.code() != 0 && outcome.err().contains(CONFLICT)) {
      return false;
    }
    if (!isMissing(outcome)) {
      done(outcome, "delete " + path);
    }
    return true;
  }

  private static boolean isMissing(Outcome outcome) {
    return outcome.code() != 0 && outcome.err().contains(NOT_FOUND);
  }

  private static Outcome done(Outcome outcome, String what) {
    if (outcome.code() != 0) {
      throw new StartException(
          ExitCode.FAILED,
          "kubectl could not %s: %s".formatted(what, outcome.err().strip().replace('\n', ' ')));
    }
    return outcome;
  }

  private Outcome run(String input, String... arguments) throws InterruptedException {
    List<String> whole = new ArrayList<>(command);
    whole.addAll(List.of(arguments));
    Process process = null;
    try {
      process = new ProcessBuilder(whole).start();
      Process running = process;
      FutureTask<String> errors =
          new FutureTask<>(
              () -> new String(running.getErrorStream().readAllBytes(), StandardCharsets.UTF_8));
      Thread.ofVirtual().start(errors);
      Watchdog watchdog = Watchdog.over(process, PATIENCE);
      try (OutputStream stdin = process.getOutputStream()) {
        stdin.write(input.getBytes(StandardCharsets.UTF_8));
      }
      String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      int code = process.waitFor();
      watchdog.close();
      return new Outcome(code, out, errors.get());
    } catch (IOException e) {
      throw new StartException(
          ExitCode.FAILED,
          "kubectl cannot be run: %s; it must be in PATH, and be allowed to work in the cluster"
              .formatted(e.getMessage()),
          e);
    } catch (ExecutionException e) {
      throw new IllegalStateException(e.getCause());
    } finally {
      if (process != null) {
        process.destroyForcibly();
      }
    }
  }
}
