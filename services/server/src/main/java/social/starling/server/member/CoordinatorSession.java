package social.starling.server.member;

import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import social.starling.common.Address;
import social.starling.common.Backoff;
import social.starling.common.Channels;
import social.starling.common.Credential;
import social.starling.common.Sessions;
import social.starling.common.Timing;
import social.starling.proto.coordinator.v1.CoordinationGrpc;
import social.starling.proto.coordinator.v1.CoordinatorMessage;
import social.starling.proto.coordinator.v1.Hearing;
import social.starling.proto.coordinator.v1.Hello;
import social.starling.proto.coordinator.v1.MemberMessage;
import social.starling.proto.coordinator.v1.MemberStatus;
import social.starling.proto.coordinator.v1.ReconfigureRequest;
import social.starling.proto.coordinator.v1.ReconfigureResponse;

/**
 * This member's session with one coordinator: says who it is, then every heartbeat how it stands;
 * hears configurations, addresses, suspicions and proofs of death. Opened again whenever it breaks.
 *
 * <p>A coordinator that says nothing for the timeout, though its connection stands, has nothing to
 * say about the other member either.
 *
 * <p>Thread-safe. What is heard is handed to the listener on the transport's threads.
 */
final class CoordinatorSession implements Sessions.Session {

  /** Who wants to know. */
  interface Listener {
    void heard(CoordinatorSession from, CoordinatorMessage message);

    /** It is not connected any more, or is silent. */
    void broken(CoordinatorSession session);

    /** It is heard for the first time, or again after a silence. */
    void resumed(CoordinatorSession session);
  }

  private static final long ASK_MILLIS = 1_500;
  private static final int MAX_ASKS = 4;

  private final Logger log = LoggerFactory.getLogger(CoordinatorSession.class);
  private final Address address;
  private final Supplier<Hello> hello;
  private final Supplier<MemberStatus> status;
  private final Duration heartbeat;
  private final long silenceNanos;
  private final Listener listener;
  private final ManagedChannel channel;
  private final Thread thread;
  private final Backoff backoff =
      new Backoff(Duration.ofMillis(5), Duration.ofMillis(200), RandomGenerator.getDefault());
  private final Object lock = new Object();
  private final Set<ReconfigureRequest> asking = ConcurrentHashMap.newKeySet();
  private ClientCallStreamObserver<MemberMessage> stream;
  private boolean greeted;

  /** Session's own thread only. */
  private boolean silent;

  private volatile boolean closed;
  private volatile boolean connected;
  private volatile long heardAt;
  private volatile Hearing peer = Hearing.HEARING_UNSPECIFIED;

  CoordinatorSession(
      Address address,
      Credential credential,
      Supplier<Hello> hello,
      Supplier<MemberStatus> status,
      Timing timing,
      Listener listener) {
    this.address = address;
    this.hello = hello;
    this.status = status;
    this.heartbeat = timing.heartbeat();
    this.silenceNanos = timing.silence().toNanos();
    this.listener = listener;
    this.channel = Channels.open(address, credential.clientInterceptor());
    this.thread = Thread.ofVirtual().name("session-" + address).unstarted(this::live);
  }

  @Override
  public void start() {
    thread.start();
  }

  Address address() {
    return address;
  }

  /** Whether the session stands and this coordinator has been heard lately. */
  @Override
  public boolean connected() {
    return connected && System.nanoTime() - heardAt < silenceNanos;
  }

  /** What this coordinator hears of the other member; unspecified unless {@link #connected}. */
  Hearing peer() {
    return connected() ? peer : Hearing.HEARING_UNSPECIFIED;
  }

  void peer(Hearing hearing) {
    peer = hearing;
  }

  /** Says at once how this member stands, because it changed. */
  void hurry() {
    LockSupport.unpark(thread);
  }

  /**
   * Asks for a change. Nothing is asked while the same request is under way, or too many are: the
   * replica asks again.
   *
   * @param answered gets the answer, if one comes
   */
  void ask(ReconfigureRequest request, Consumer<ReconfigureResponse> answered) {
    if (asking.size() >= MAX_ASKS || !asking.add(request)) {
      return;
    }
    CoordinationGrpc.newStub(channel)
        .withDeadlineAfter(ASK_MILLIS, TimeUnit.MILLISECONDS)
        .reconfigure(
            request,
            new StreamObserver<>() {
              @Override
              public void onNext(ReconfigureResponse response) {
                asking.remove(request);
                answered.accept(response);
              }

              @Override
              public void onError(Throwable problem) {
                asking.remove(request);
                log.atWarn()
                    .addKeyValue("coordinator", address)
                    .addKeyValue("status", Status.fromThrowable(problem).getCode())
                    .log("no answer to a request");
              }

              @Override
              public void onCompleted() {
                asking.remove(request);
              }
            });
  }

  private void live() {
    while (!closed) {
      try {
        look();
      } catch (RuntimeException e) {
        // Without this thread the coordinator would not hear of this member ever again.
        log.atError().addKeyValue("coordinator", address).log("the session failed", e);
        LockSupport.parkNanos(this, heartbeat.toNanos());
      }
    }
  }

  private void look() {
    if (connected && connected() == silent) {
      silent = !silent;
      if (silent) {
        log.atWarn().addKeyValue("coordinator", address).log("the coordinator says nothing");
        listener.broken(this);
      }
    }
    boolean down;
    synchronized (lock) {
      down = stream == null;
    }
    if (down) {
      channel.resetConnectBackoff();
      CoordinationGrpc.newStub(channel).withWaitForReady().session(new Session());
      LockSupport.parkNanos(this, backoff.next().toNanos());
    } else {
      if (connected) {
        backoff.reset();
      }
      say();
      LockSupport.parkNanos(this, heartbeat.toNanos());
    }
  }

  private void say() {
    synchronized (lock) {
      // A coordinator that does not read gets the newest status when it reads again.
      if (stream != null && greeted && stream.isReady()) {
        stream.onNext(MemberMessage.newBuilder().setStatus(status.get()).build());
      }
    }
  }

  @Override
  public void close() {
    closed = true;
    synchronized (lock) {
      if (stream != null) {
        stream.onCompleted();
        stream = null;
      }
    }
    LockSupport.unpark(thread);
    channel.shutdown();
    // What is under way has a deadline of its own, which a stopping process need not wait for.
    Thread.ofVirtual().start(this::cut);
  }

  private void cut() {
    LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(200));
    channel.shutdownNow();
  }

  private final class Session implements ClientResponseObserver<MemberMessage, CoordinatorMessage> {
    private ClientCallStreamObserver<MemberMessage> own;

    @Override
    public void beforeStart(ClientCallStreamObserver<MemberMessage> requestStream) {
      own = requestStream;
      own.setOnReadyHandler(this::ready);
      synchronized (lock) {
        stream = own;
        greeted = false;
      }
    }

    private void ready() {
      synchronized (lock) {
        if (!greeted && stream == own && own.isReady()) {
          greeted = true;
          own.onNext(MemberMessage.newBuilder().setHello(hello.get()).build());
          own.onNext(MemberMessage.newBuilder().setStatus(status.get()).build());
        }
      }
    }

    @Override
    public void onNext(CoordinatorMessage message) {
      boolean resumed;
      synchronized (lock) {
        if (stream != own) {
          return; // Of a session that was given up.
        }
        resumed = !connected();
        heardAt = System.nanoTime();
        connected = true;
      }
      if (resumed) {
        // What it said of the other member before it fell silent counts again.
        listener.resumed(CoordinatorSession.this);
      }
      listener.heard(CoordinatorSession.this, message);
    }

    @Override
    public void onError(Throwable problem) {
      ended(problem.getMessage());
    }

    @Override
    public void onCompleted() {
      ended("closed by the coordinator");
    }

    private void ended(String why) {
      boolean was;
      synchronized (lock) {
        if (stream != own) {
          return;
        }
        stream = null;
        was = connected;
        connected = false;
        peer = Hearing.HEARING_UNSPECIFIED;
      }
      (was ? log.atWarn() : log.atDebug())
          .addKeyValue("coordinator", address)
          .addKeyValue("why", why)
          .log("the session ended");
      listener.broken(CoordinatorSession.this);
      LockSupport.unpark(thread);
    }
  }
}
