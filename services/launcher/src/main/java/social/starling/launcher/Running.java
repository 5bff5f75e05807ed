package social.starling.launcher;

import java.time.Instant;
import java.util.OptionalInt;

/** A process that this launcher watches: its own child, or one that it adopted. Thread-safe. */
interface Running {

  long pid();

  Instant started();

  boolean isAlive();

  /**
   * Blocks until the process is gone: when this returns, none of its threads will do anything ever
   * again.
   *
   * @return its exit code as a shell would give it (137 after SIGKILL), where the system tells
   */
  OptionalInt awaitDeath() throws InterruptedException;

  /** Asks it to end (SIGTERM). */
  void terminate();

  /** Ends it (SIGKILL). */
  void kill();
}
