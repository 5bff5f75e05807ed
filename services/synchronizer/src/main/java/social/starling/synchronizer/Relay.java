package social.starling.synchronizer;

import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ServerCallStreamObserver;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import social.starling.common.Backoff;
import social.starling.proto.sync.v1.Batch;
import social.starling.proto.sync.v1.ChangesRequest;
import social.starling.proto.sync.v1.ExchangeGrpc;
import social.starling.proto.sync.v1.Position;
import social.starling.proto.sync.v1.SubscribeRequest;

/**
 * Passes the own master's changes on to one subscriber: reads them at whoever is master, from the
 * last position that was passed on, and reads no more than the subscriber takes.
 *
 * <p>A master that is gone, silent or not master any more is waited out for a while; during that
 * time an empty batch now and then shows the subscriber that this process lives.
 *
 * <p>Runs on a thread of its own; {@link #end} and {@link #wake} are thread-safe and do not block.
 */
final class Relay {

  private static final Logger LOG = LoggerFactory.getLogger(Relay.class);
  private static final Batch ALIVE = Batch.getDefaultInstance();

  /** What lasted so long was not in vain: it is told of, and the next wait is short again. */
  private static final long GOOD_NANOS = Duration.ofSeconds(1).toNanos();

  /** Asking again, or another master, would get the same answer. */
  private static final Set<Code> FINAL =
      EnumSet.of(
          Code.INVALID_ARGUMENT,
          Code.OUT_OF_RANGE,
          Code.PERMISSION_DENIED,
          Code.UNAUTHENTICATED,
          Code.UNIMPLEMENTED,
          Code.DATA_LOSS);

  private final String receiver;
  private final int number;
  private final String ownMaster;
  private final Chain chain;
  private final Maps maps;
  private final Line master;
  private final Patience patience;
  private final PeerMeters meters;
  private final AtomicLong held;
  private final ServerCallStreamObserver<Batch> call;
  private final Thread thread;
  private final Consumer<Relay> onEnd;
  private volatile StatusRuntimeException ending;
  private final long madeAt = System.nanoTime();
  private long heardAt = madeAt;
  private boolean flowing;
  private long saidAt = System.nanoTime();

  /**
   * @param own name of this cluster
   * @param request checked
   * @param onEnd runs at the end, on the relay's thread
   */
  Relay(
      String own,
      SubscribeRequest request,
      Maps maps,
      Line master,
      Patience patience,
      PeerMeters meters,
      AtomicLong held,
      ServerCallStreamObserver<Batch> call,
      Consumer<Relay> onEnd) {
    this.receiver = request.getReceiverCluster();
    this.number = request.getReceiver();
    this.ownMaster = "the master of " + own;
    this.chain = new Chain(ownMaster, request.getAfter());
    this.maps = maps;
    this.master = master;
    this.patience = patience;
    this.meters = meters;
    this.held = held;
    this.call = call;
    this.onEnd = onEnd;
    this.thread = Thread.ofVirtual().name("to " + receiver).unstarted(this::run);
  }

  void start() {
    thread.start();
  }

  /** The subscriber's cluster. */
  int number() {
    return number;
  }

  /** The subscriber may have room. */
  void wake() {
    LockSupport.unpark(thread);
  }

  /** Ends it, with this status for the subscriber if it is still there. */
  void end(Status status) {
    ending = status.asRuntimeException();
    thread.interrupt();
  }

  /** Waits until it has ended. */
  boolean join(Duration time) throws InterruptedException {
    return thread.join(time);
  }

  private void run() {
    StatusRuntimeException why;
    try {
      why = relay();
    } catch (StatusRuntimeException e) {
      why = e;
    } catch (InterruptedException e) {
      why = ending;
    } catch (RuntimeException e) {
      LOG.atError().addKeyValue("peer", receiver).setCause(e).log("a fault in the program");
      why =
          Status.INTERNAL
              .withDescription("a fault in the program; the log of this process says where")
              .asRuntimeException();
    }
    (flowing ? LOG.atInfo() : LOG.atDebug())
        .addKeyValue("peer", receiver)
        .addKeyValue("at", Positions.text(chain.at()))
        .addKeyValue("why", call.isCancelled() ? "it has gone" : why.getMessage())
        .log("not sending to the peer any more");
    onEnd.accept(this);
    if (!call.isCancelled()) {
      call.onError(why);
    }
  }

  /** Goes on over any number of masters; returns why it ends. */
  private StatusRuntimeException relay() throws InterruptedException {
    Backoff backoff =
        new Backoff(patience.firstWait(), patience.maxWait(), ThreadLocalRandom.current());
    long servedAt = System.nanoTime();
    while (true) {
      long version = maps.current().version();
      long begun = System.nanoTime();
      BrokenException trouble;
      Position before = chain.at();
      try {
        trouble = pass();
      } catch (BrokenException e) {
        trouble = e;
      }
      if (FINAL.contains(trouble.code())) {
        return trouble.toCaller(trouble.code());
      }
      // One that speaks and always breaks at the same batch does not serve.
      if (heardAt - begun >= GOOD_NANOS || !before.equals(chain.at())) {
        servedAt = heardAt;
        backoff.reset();
      }
      if (System.nanoTime() - servedAt >= patience.master().toNanos()) {
        return trouble.toCaller(Code.UNAVAILABLE);
      }
      LOG.atDebug()
          .addKeyValue("peer", receiver)
          .addKeyValue("why", trouble.getMessage())
          .log("asking the master again");
      if (maps.awaitOtherThan(version, backoff.next())) {
        backoff.reset();
      }
      stayAlive();
    }
  }

  /** Passes on what one master says until that breaks; returns what broke. */
  private BrokenException pass() throws InterruptedException {
    Optional<ManagedChannel> channel = master.channel();
    if (channel.isEmpty()) {
      return new BrokenException(
          ownMaster, Status.UNAVAILABLE.withDescription("no coordinator names one"));
    }
    ChangesRequest request =
        ChangesRequest.newBuilder().setPeer(number).setAfter(chain.at()).build();
    try (Feed feed =
        Feed.open(ownMaster, channel.get(), ExchangeGrpc.getChangesMethod(), request, held)) {
      long since = System.nanoTime();
      while (true) {
        long left = since + patience.silence().toNanos() - System.nanoTime();
        if (left <= 0) {
          return new BrokenException(
              ownMaster, Status.DEADLINE_EXCEEDED.withDescription("it has fallen silent"));
        }
        Optional<Batch> next =
            feed.poll(Duration.ofNanos(Math.min(left, patience.alive().toNanos())));
        if (next.isEmpty()) {
          stayAlive();
          continue;
        }
        heardAt = System.nanoTime();
        if (chain.accept(next.get())) {
          say(next.get());
          meters.sent(next.get());
        } else {
          stayAlive();
        }
        // Only now: while the subscriber had no room, nobody listened to the master.
        since = System.nanoTime();
      }
    }
  }

  private void say(Batch batch) throws InterruptedException {
    long since = System.nanoTime();
    while (!call.isReady()) {
      long left = since + patience.slowReader().toNanos() - System.nanoTime();
      if (left <= 0) {
        throw Status.RESOURCE_EXHAUSTED
            .withDescription(
                "the stream was not read for too long; subscribe again from the cursor")
            .asRuntimeException();
      }
      LockSupport.parkNanos(this, left);
      if (Thread.interrupted()) {
        throw new InterruptedException();
      }
    }
    call.onNext(batch);
    saidAt = System.nanoTime();
    if (!flowing && saidAt - madeAt >= GOOD_NANOS) {
      flowing = true;
      LOG.atInfo()
          .addKeyValue("peer", receiver)
          .addKeyValue("at", Positions.text(chain.at()))
          .log("sending to the peer");
    }
  }

  private void stayAlive() {
    if (call.isReady() && System.nanoTime() - saidAt >= patience.alive().toNanos()) {
      call.onNext(ALIVE);
      saidAt = System.nanoTime();
    }
  }
}
