package social.starling.router;

import io.grpc.Context;
import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import social.starling.common.Errors;
import social.starling.proto.sns.v1.Reason;

/** The streams that are open, each on a virtual thread of its own. Thread-safe. */
final class OpenStreams {

  private static final int MAX = 20_000;

  private final Set<Thread> threads = ConcurrentHashMap.newKeySet();
  private volatile boolean ending;

  OpenStreams(MeterRegistry registry) {
    Gauge.builder("starling_router_streams", threads, Set::size)
        .description("Streams that are open.")
        .register(registry);
  }

  /** Runs the relay in the context of the call that is being handled. */
  void start(StreamRelay relay) {
    if (threads.size() >= MAX) {
      throw Errors.of(
          Code.RESOURCE_EXHAUSTED,
          Reason.OVERLOADED,
          "the router has " + MAX + " streams open already; try again or go direct");
    }
    Runnable inContext = Context.current().wrap(() -> run(relay));
    Thread thread =
        Thread.ofVirtual()
            .name("relay")
            .unstarted(() -> {
              try {
                inContext.run();
              } finally {
                threads.remove(Thread.currentThread());
              }
            });
    threads.add(thread);
    thread.start();
    if (ending) {
      thread.interrupt();
    }
  }

  private static void run(StreamRelay relay) {
    try {
      relay.relay();
    } catch (StatusRuntimeException e) {
      relay.end(e);
    } catch (InterruptedException e) {
      relay.end(
          Errors.of(
              Code.UNAVAILABLE,
              Reason.NOT_READY,
              "this router is stopping; open the stream again where it was"));
    }
  }

  /** Ends all streams, also those that come later, and waits until they have ended. */
  void endAll() throws InterruptedException {
    ending = true;
    threads.forEach(Thread::interrupt);
    for (Thread thread : threads) {
      thread.join();
    }
  }
}
