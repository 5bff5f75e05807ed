package social.starling.torture.fault;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** A {@link Victim} in a process of its own, under a shim. */
final class Controlled implements AutoCloseable {

  private static final long PATIENCE = 60;

  private final Process process;
  private final PrintStream orders;
  private final BlockingQueue<String> answers = new LinkedBlockingQueue<>();
  private final Thread reader;

  Controlled(Shim shim, String part, Path volume) throws IOException {
    ProcessBuilder builder =
        new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Xmx64m",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "--enable-native-access=ALL-UNNAMED",
            "-cp",
            System.getProperty("java.class.path"),
            Victim.class.getName());
    builder.environment().putAll(shim.environment(part, volume));
    process = builder.redirectErrorStream(true).start();
    orders = new PrintStream(process.getOutputStream(), true);
    reader = Thread.ofVirtual().start(this::read);
  }

  private void read() {
    try (BufferedReader lines =
        new BufferedReader(new InputStreamReader(process.getInputStream()))) {
      for (String line; (line = lines.readLine()) != null; ) {
        answers.add(line);
      }
    } catch (IOException e) {
      // It was killed.
    }
  }

  long pid() {
    return process.pid();
  }

  /** Gives an order and does not wait. */
  void begin(String order) {
    orders.println(order);
  }

  /** The next answer; null when none comes in time. */
  String answer(long millis) throws InterruptedException {
    return answers.poll(millis, TimeUnit.MILLISECONDS);
  }

  String ask(String order) throws InterruptedException {
    begin(order);
    String answer = answer(TimeUnit.SECONDS.toMillis(PATIENCE));
    if (answer == null) {
      throw new IllegalStateException("no answer to: " + order);
    }
    return answer;
  }

  /** Orders that must succeed. */
  void tell(String... all) throws InterruptedException {
    for (String order : all) {
      String answer = ask(order);
      if (!answer.equals("done")) {
        throw new IllegalStateException(order + ": " + answer);
      }
    }
  }

  /** Waits until it is dead, and all that it said is there. */
  void awaitDeath() throws InterruptedException {
    process.waitFor();
    reader.join();
  }

  @Override
  public void close() throws InterruptedException {
    process.destroyForcibly();
    awaitDeath();
  }
}
