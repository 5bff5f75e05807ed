package social.starling.launcher;

import java.time.Instant;
import java.util.OptionalInt;

/** A process that this launcher started itself: the system tells it at once when it dies. */
final class Child implements Running {

  private final Process process;
  private final Instant started;

  Child(Process process) {
    this.process = process;
    this.started = process.info().startInstant().orElseGet(Instant::now);
  }

  @Override
  public long pid() {
    return process.pid();
  }

  @Override
  public Instant started() {
    return started;
  }

  @Override
  public boolean isAlive() {
    return process.isAlive();
  }

  @Override
  public OptionalInt awaitDeath() throws InterruptedException {
    return OptionalInt.of(process.waitFor());
  }

  @Override
  public void terminate() {
    process.destroy();
  }

  @Override
  public void kill() {
    process.destroyForcibly();
  }
}
