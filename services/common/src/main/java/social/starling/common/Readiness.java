package social.starling.common;

import io.grpc.Channel;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whether a process can do what it is for. Found out by a thread of its own, ten times a second
 * until ready and once a second from then on. Thread-safe.
 */
public final class Readiness implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(Readiness.class);
  private static final Duration PAUSE = Duration.ofSeconds(1);
  private static final Duration PAUSE_UNREADY = Duration.ofMillis(100);
  private static final long PROBE_MILLIS = 1000;

  private final Supplier<Optional<String>> question;
  private final Consumer<Boolean> changed;
  private final Thread thread;
  private volatile Optional<String> trouble = Optional.of("starting");
  private volatile boolean leaving;

  private Readiness(Supplier<Optional<String>> question, Consumer<Boolean> changed) {
    this.question = question;
    this.changed = changed;
    this.thread = Thread.ofVirtual().name("readiness").unstarted(this::watch);
  }

  /**
   * Starts to watch; not ready until the question was answered.
   *
   * @param question what is missing, in a sentence, or empty; asked by the thread of this class, so
   *     it may block
   * @param changed told of each change, by the same thread
   */
  public static Readiness start(Supplier<Optional<String>> question, Consumer<Boolean> changed) {
    Readiness readiness = new Readiness(question, changed);
    readiness.thread.start();
    return readiness;
  }

  /**
   * Asks a process whether it serves, for up to a second; false also when it cannot be reached.
   *
   * @param name of the process, for the log
   */
  public static boolean serves(Channel channel, String name) {
    try {
      return HealthGrpc.newBlockingStub(channel)
              .withDeadlineAfter(PROBE_MILLIS, TimeUnit.MILLISECONDS)
              .check(HealthCheckRequest.getDefaultInstance())
              .getStatus()
          == ServingStatus.SERVING;
    } catch (StatusRuntimeException e) {
      LOG.atDebug().addKeyValue("process", name).setCause(e).log("the probe failed");
      return false;
    }
  }

  /** Why the process is not ready, in a sentence; empty when it is. */
  public Optional<String> trouble() {
    return leaving ? Optional.of("stopping") : trouble;
  }

  /** Not ready from now on. */
  @Override
  public void close() {
    leaving = true;
    thread.interrupt();
  }

  private void watch() {
    try {
      while (!leaving) {
        Optional<String> found = question.get();
        boolean turned = found.isPresent() != trouble.isPresent();
        trouble = found;
        if (turned) {
          changed.accept(found.isEmpty());
          LOG.atInfo().addKeyValue("trouble", found.orElse("none")).log("readiness changed");
        }
        Thread.sleep(found.isEmpty() ? PAUSE : PAUSE_UNREADY);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
