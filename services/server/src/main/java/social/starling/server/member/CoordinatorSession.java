package social.starling.server.member;

import io.grpc.ManagedChannel;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import social.starling.common.Address;
import social.starling.common.Backoff;
import social.starling.common.Channels;
import social.starling.common.Credential;
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
 * <p>Thread-safe. What is heard is handed to the listener on the transport's threads.
 */
final class CoordinatorSession implements AutoCloseable {

  /** Who wants to know. */
  interface Listener {
    void heard(CoordinatorSession from, CoordinatorMessage message);

    void broken(CoordinatorSession session);
  }

  private static final long CALL_SECONDS = 2;

  private final Logger log = LoggerFactory.getLogger(CoordinatorSession.class);
  private final Address address;
  private final Supplier<Hello> hello;
  private final Supplier<MemberStatus> status;
  private final Duration heartbeat;
  private final Listener listener;
  private final ManagedChannel channel;
  private final Thread thread;
  private final Backoff backoff =
      new Backoff(Duration.ofMillis(5), Duration.ofMillis(200), RandomGenerator.getDefault());
  private final Object lock = new Object();
  private ClientCallStreamObserver<MemberMessage> stream;
  private volatile boolean closed;
  private volatile boolean connected;
  private volatile Hearing peer = Hearing.HEARING_UNSPECIFIED;

  CoordinatorSession(
      Address address,
      Credential credential,
      Supplier<Hello> hello,
      Supplier<MemberStatus> status,
      Duration heartbeat,
      Listener listener) {
    this.address = address;
    this.hello = hello;
    this.status = status;
    this.heartbeat = heartbeat;
    this.listener = listener;
    this.channel = Channels.open(address, credential.clientInterceptor());
    this.thread = Thread.ofVirtual().name("session-" + address).unstarted(this::live);
  }

  void start() {
    thread.start();
  }

  Address address() {
    return address;
  }

  /** Whether this coordinator has answered and the session stands. */
  boolean connected() {
    return connected;
  }

  /** What this coordinator hears of the other member; unspecified while there is no session. */
  Hearing peer() {
    return connected ? peer : Hearing.HEARING_UNSPECIFIED;
  }

  void peer(Hearing hearing) {
    peer = hearing;
  }

  /** Says at once how this member stands, because it changed. */
  void hurry() {
    LockSupport.unpark(thread);
  }

  /**
   * Asks for a change. Blocks.
   *
   * @throws io.grpc.StatusRuntimeException when there is no answer
   */
  ReconfigureResponse reconfigure(ReconfigureRequest request) {
    return CoordinationGrpc.newBlockingStub(channel)
        .withDeadlineAfter(CALL_SECONDS, TimeUnit.SECONDS)
        .reconfigure(request);
  }

  private void live() {
    while (!closed) {
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
  }

  private void say() {
    synchronized (lock) {
      // A coordinator that does not read gets the newest status when it reads again.
      if (stream != null && stream.isReady()) {
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
  }

  private final class Session implements ClientResponseObserver<MemberMessage, CoordinatorMessage> {
    private ClientCallStreamObserver<MemberMessage> own;
    private boolean greeted;

    @Override
    public void beforeStart(ClientCallStreamObserver<MemberMessage> requestStream) {
      own = requestStream;
      own.setOnReadyHandler(this::ready);
      synchronized (lock) {
        stream = own;
      }
    }

    private void ready() {
      synchronized (lock) {
        if (!greeted && stream == own) {
          greeted = true;
          own.onNext(MemberMessage.newBuilder().setHello(hello.get()).build());
          own.onNext(MemberMessage.newBuilder().setStatus(status.get()).build());
        }
      }
    }

    @Override
    public void onNext(CoordinatorMessage message) {
      connected = true;
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
      synchronized (lock) {
        if (stream != own) {
          return;
        }
        stream = null;
      }
      boolean was = connected;
      connected = false;
      peer = Hearing.HEARING_UNSPECIFIED;
      (was ? log.atWarn() : log.atDebug())
          .addKeyValue("coordinator", address)
          .addKeyValue("why", why)
          .log("the session ended");
      listener.broken(CoordinatorSession.this);
      LockSupport.unpark(thread);
    }
  }
}
