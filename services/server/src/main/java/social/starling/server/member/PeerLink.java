package social.starling.server.member;

import io.grpc.ManagedChannel;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import social.starling.common.Backoff;
import social.starling.common.Channels;
import social.starling.common.Credential;
import social.starling.proto.replication.v1.LinkHello;
import social.starling.proto.replication.v1.LinkMessage;
import social.starling.proto.replication.v1.LinkReply;
import social.starling.proto.replication.v1.ReplicationGrpc;

/**
 * What this member tells the other one: a stream that is opened again whenever it breaks.
 *
 * <p>Messages may be lost, as the rules allow: while the stream is down, and when more wait than a
 * bound. Thread-safe.
 */
final class PeerLink implements AutoCloseable {

  static final int MAX_WAITING = 512;
  static final long MAX_WAITING_BYTES = 8L << 20;

  private final Logger log = LoggerFactory.getLogger(PeerLink.class);
  private final LinkMessage hello;
  private final Credential credential;
  private final Thread thread;
  private final Deque<LinkMessage> waiting = new ArrayDeque<>();
  private final Backoff backoff =
      new Backoff(Duration.ofMillis(5), Duration.ofMillis(100), RandomGenerator.getDefault());

  private volatile boolean closed;
  private volatile String address = "";
  private String connectedTo = "";
  private ManagedChannel channel;
  private ClientCallStreamObserver<LinkMessage> stream;
  private boolean open;
  private long waitingBytes;

  PeerLink(String cluster, String member, String instance, int format, Credential credential) {
    this.credential = credential;
    this.hello =
        LinkMessage.newBuilder()
            .setHello(
                LinkHello.newBuilder()
                    .setCluster(cluster)
                    .setMember(member)
                    .setInstance(instance)
                    .setFormat(format))
            .build();
    this.thread = Thread.ofVirtual().name("peer-link").unstarted(this::connectAgainAndAgain);
  }

  void start() {
    thread.start();
  }

  /** Where the other member listens now; nothing new when empty. */
  void peerAt(String newAddress) {
    if (!newAddress.isEmpty() && !address.equals(newAddress)) {
      address = newAddress;
      LockSupport.unpark(thread);
    }
  }

  /** Another member is the other one from now on: what was said and known is not of it. */
  void peerReplaced() {
    synchronized (waiting) {
      address = "";
      connectedTo = "";
      stream = null;
      open = false;
      forget();
      if (channel != null) {
        channel.shutdownNow();
        channel = null;
      }
    }
  }

  /** Where the other member listens; empty when unknown. */
  String peerAddress() {
    return address;
  }

  void send(LinkMessage message) {
    synchronized (waiting) {
      if (stream == null || !open) {
        return;
      }
      if (waiting.isEmpty() && stream.isReady()) {
        stream.onNext(message);
      } else if (waiting.size() < MAX_WAITING
          && waitingBytes + message.getSerializedSize() <= MAX_WAITING_BYTES) {
        waiting.addLast(message);
        waitingBytes += message.getSerializedSize();
      }
    }
  }

  /** Messages that wait because the other member does not read. */
  int waiting() {
    synchronized (waiting) {
      return waiting.size();
    }
  }

  /** Bytes of them. */
  long waitingBytes() {
    synchronized (waiting) {
      return waitingBytes;
    }
  }

  private void flush() {
    synchronized (waiting) {
      while (stream != null && stream.isReady() && !waiting.isEmpty()) {
        LinkMessage next = waiting.removeFirst();
        waitingBytes -= next.getSerializedSize();
        stream.onNext(next);
      }
    }
  }

  private void forget() {
    waiting.clear();
    waitingBytes = 0;
  }

  private void connectAgainAndAgain() {
    while (!closed) {
      String target = address;
      boolean down;
      synchronized (waiting) {
        down = stream == null || !connectedTo.equals(target);
      }
      if (down && !target.isEmpty()) {
        try {
          connect(target);
        } catch (RuntimeException e) {
          // Without this thread the other member would not be told anything ever again.
          log.atError().addKeyValue("peer", target).log("no link: {}", e.getMessage());
          pause(target, TimeUnit.SECONDS.toNanos(1));
        }
        pause(target, backoff.next().toNanos());
      } else {
        backoff.reset();
        LockSupport.parkNanos(this, TimeUnit.MILLISECONDS.toNanos(200));
      }
    }
  }

  /** The end of a stream must not cut this short, or one that is refused is tried without pause. */
  private void pause(String target, long nanos) {
    long until = System.nanoTime() + nanos;
    long left = nanos;
    while (left > 0 && !closed && target.equals(address)) {
      LockSupport.parkNanos(this, left);
      left = until - System.nanoTime();
    }
  }

  private void connect(String target) {
    synchronized (waiting) {
      if (closed) {
        return;
      }
      if (channel == null || !connectedTo.equals(target)) {
        if (channel != null) {
          channel.shutdownNow();
        }
        channel = Channels.open(target, credential.clientInterceptor());
        connectedTo = target;
      }
      forget();
      stream = null;
      open = false;
    }
    channel.resetConnectBackoff();
    ReplicationGrpc.newStub(channel).withWaitForReady().link(new Outgoing());
  }

  @Override
  public void close() {
    synchronized (waiting) {
      closed = true;
      stream = null;
      if (channel != null) {
        channel.shutdownNow();
      }
    }
    LockSupport.unpark(thread);
  }

  /** One life of the stream. */
  private final class Outgoing implements ClientResponseObserver<LinkMessage, LinkReply> {
    private ClientCallStreamObserver<LinkMessage> own;

    @Override
    public void beforeStart(ClientCallStreamObserver<LinkMessage> requestStream) {
      own = requestStream;
      own.setOnReadyHandler(this::ready);
      synchronized (waiting) {
        if (stream != null) {
          stream.cancel("replaced", null);
        }
        stream = own;
        open = false;
      }
    }

    private void ready() {
      synchronized (waiting) {
        if (stream == own && !open && own.isReady()) {
          // Only now is there somebody to talk to: what was said before would be stale.
          open = true;
          own.onNext(hello);
        }
      }
      flush();
    }

    @Override
    public void onNext(LinkReply reply) {}

    @Override
    public void onError(Throwable problem) {
      ended(problem.getMessage());
    }

    @Override
    public void onCompleted() {
      ended("closed by the other member");
    }

    private void ended(String why) {
      synchronized (waiting) {
        if (stream == own) {
          stream = null;
          open = false;
          forget();
          log.atDebug().addKeyValue("peer", connectedTo).addKeyValue("why", why).log("link ended");
        }
      }
      LockSupport.unpark(thread);
    }
  }
}
