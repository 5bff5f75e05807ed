package social.starling.synchronizer;

import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import social.starling.common.Address;
import social.starling.common.Backoff;
import social.starling.common.Channels;
import social.starling.common.Credential;
import social.starling.common.Sessions;
import social.starling.proto.coordinator.v1.ClusterMap;
import social.starling.proto.coordinator.v1.CoordinationGrpc;
import social.starling.proto.coordinator.v1.SynchronizerHello;
import social.starling.proto.coordinator.v1.SynchronizerMessage;
import social.starling.proto.coordinator.v1.SynchronizerStatus;

/**
 * The session with one coordinator: says who this is, then every heartbeat how far each peer's
 * changes are here; hears the map. Opened again whenever it breaks, or nothing is heard for too
 * long.
 *
 * <p>One thread speaks; what is heard is handed on on the transport's threads.
 */
final class CoordinatorSession implements Sessions.Session {

  private static final Logger LOG = LoggerFactory.getLogger(CoordinatorSession.class);

  private final String coordinator;
  private final SynchronizerHello hello;
  private final Supplier<SynchronizerStatus> status;
  private final Maps maps;
  private final Duration heartbeat;
  private final Patience patience;
  private final ManagedChannel channel;
  private final Thread thread;
  private volatile boolean away;
  private volatile boolean connected;
  private volatile boolean closed;

  CoordinatorSession(
      Address coordinator,
      Credential credential,
      SynchronizerHello hello,
      Supplier<SynchronizerStatus> status,
      Maps maps,
      Duration heartbeat,
      Patience patience) {
    this.coordinator = coordinator.toString();
    this.hello = hello;
    this.status = status;
    this.maps = maps;
    this.heartbeat = heartbeat;
    this.patience = patience;
    this.channel = Channels.open(coordinator, credential.clientInterceptor());
    this.thread = Thread.ofVirtual().name("session-" + coordinator).unstarted(this::live);
  }

  @Override
  public void start() {
    thread.start();
  }

  @Override
  public boolean connected() {
    return connected;
  }

  /** Says good-bye, so that the coordinator need not wait for this process. */
  void leave(Duration time) throws InterruptedException {
    closed = true;
    thread.interrupt();
    if (thread.join(time)) {
      channel.shutdown().awaitTermination(time.toMillis(), TimeUnit.MILLISECONDS);
    }
  }

  @Override
  public void close() {
    closed = true;
    thread.interrupt();
    channel.shutdownNow();
  }

  private void live() {
    Backoff backoff =
        new Backoff(patience.firstWait(), patience.maxWait(), ThreadLocalRandom.current());
    try {
      while (!closed) {
        Conversation conversation = new Conversation();
        Status why = converse(conversation);
        connected = false;
        maps.left(coordinator);
        if (conversation.heard) {
          backoff.reset();
        }
        if (!away) {
          away = true;
          LOG.atWarn()
              .addKeyValue("coordinator", coordinator)
              .addKeyValue("why", why.getCode() + ": " + why.getDescription())
              .log("the coordinator is away; going by the last map");
        }
        Thread.sleep(backoff.next());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      maps.gone(coordinator);
    }
  }

  /** Goes on until the session breaks; says why. */
  private Status converse(Conversation conversation) throws InterruptedException {
    CoordinationGrpc.newStub(channel).synchronizerSession(conversation);
    ClientCallStreamObserver<SynchronizerMessage> out = conversation.out;
    boolean interrupted = true;
    try {
      out.onNext(SynchronizerMessage.newBuilder().setHello(hello).build());
      while (!conversation.ended.await(heartbeat.toNanos(), TimeUnit.NANOSECONDS)) {
        if (System.nanoTime() - conversation.heardAt > patience.silence().toNanos()) {
          interrupted = false;
          out.cancel("silent", null);
          return Status.DEADLINE_EXCEEDED.withDescription("it has fallen silent");
        }
        // A coordinator that does not read gets the newest when it reads again.
        if (out.isReady()) {
          out.onNext(SynchronizerMessage.newBuilder().setStatus(status.get()).build());
        }
      }
      interrupted = false;
      return conversation.why;
    } finally {
      if (interrupted) {
        out.onCompleted();
      }
    }
  }

  private final class Conversation
      implements ClientResponseObserver<SynchronizerMessage, ClusterMap> {

    private final CountDownLatch ended = new CountDownLatch(1);
    private ClientCallStreamObserver<SynchronizerMessage> out;
    private volatile long heardAt = System.nanoTime();
    private volatile boolean heard;
    private volatile Status why = Status.UNAVAILABLE;

    @Override
    public void beforeStart(ClientCallStreamObserver<SynchronizerMessage> requests) {
      out = requests;
    }

    @Override
    public void onNext(ClusterMap map) {
      heardAt = System.nanoTime();
      if (!heard) {
        heard = true;
        connected = true;
        if (away) {
          LOG.atInfo().addKeyValue("coordinator", coordinator).log("the coordinator is back");
        }
        away = false;
      }
      maps.accept(coordinator, map);
    }

    @Override
    public void onError(Throwable problem) {
      why = Status.fromThrowable(problem);
      ended.countDown();
    }

    @Override
    public void onCompleted() {
      why = Status.UNAVAILABLE.withDescription("it ended the session");
      ended.countDown();
    }
  }
}
