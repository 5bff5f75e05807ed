package social.starling.synchronizer;

import io.grpc.Status;
import io.grpc.Status.Code;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import social.starling.common.Credential;
import social.starling.common.Errors;
import social.starling.common.GrpcServer;
import social.starling.common.GrpcServers;
import social.starling.proto.sns.v1.Reason;
import social.starling.proto.sync.v1.Batch;
import social.starling.proto.sync.v1.ChangesRequest;
import social.starling.proto.sync.v1.DeliverRequest;
import social.starling.proto.sync.v1.DeliverResponse;
import social.starling.proto.sync.v1.ExchangeGrpc;
import social.starling.proto.sync.v1.Position;

/** A member that behaves as a test says, over real gRPC. */
final class FakeMember extends ExchangeGrpc.ExchangeImplBase implements AutoCloseable {

  static final Credential CREDENTIAL = Credential.of("open-sesame");

  /** What it does with its calls, also with those that are open. */
  enum Mood {
    SERVES,
    NOT_MASTER,
    /** Says and takes nothing, though its connections stand. */
    SILENT,
    /** Takes no batch off the connection. */
    READS_NOTHING,
    /** Says that a position is wrong. */
    REFUSES
  }

  private final String name;
  private final FakeCluster cluster;
  private final GrpcServer server;
  private final String address;
  private final Set<Outgoing> open = ConcurrentHashMap.newKeySet();
  private volatile Mood mood = Mood.SERVES;

  /** Breaks what it sends: every batch is sent twice. */
  volatile boolean repeats;

  /** How often it says something when there is nothing to say. */
  volatile long quietMillis = 200;

  /** Bytes of a post that each batch carries besides. */
  volatile int ballast;

  /** A change with which it takes no batch. */
  volatile String poison = "";

  final AtomicInteger changesCalls = new AtomicInteger();
  final AtomicInteger deliverCalls = new AtomicInteger();
  final AtomicLong sentBytes = new AtomicLong();

  FakeMember(String name, FakeCluster cluster) {
    this.name = name;
    this.cluster = cluster;
    this.server = GrpcServers.internalServer("127.0.0.1", 0, CREDENTIAL, this);
    this.address = "127.0.0.1:" + server.port();
    server.ready(true);
  }

  String name() {
    return name;
  }

  String address() {
    return address;
  }

  int changesOpen() {
    return open.size();
  }

  void mood(Mood now) {
    mood = now;
    open.forEach(outgoing -> LockSupport.unpark(outgoing.thread));
  }

  /** Dies: its connections break. */
  @Override
  public void close() {
    server.close();
    open.forEach(outgoing -> outgoing.thread.interrupt());
  }

  @Override
  public void changes(ChangesRequest request, StreamObserver<Batch> out) {
    changesCalls.incrementAndGet();
    if (mood == Mood.NOT_MASTER) {
      throw notMaster();
    }
    if (mood == Mood.REFUSES) {
      throw Status.OUT_OF_RANGE.withDescription("beyond the journal").asRuntimeException();
    }
    cluster.askedAfter(request.getAfter());
    Outgoing outgoing = new Outgoing(request.getAfter(), (ServerCallStreamObserver<Batch>) out);
    open.add(outgoing);
    outgoing.thread.start();
  }

  @Override
  public StreamObserver<DeliverRequest> deliver(StreamObserver<DeliverResponse> out) {
    deliverCalls.incrementAndGet();
    if (mood == Mood.NOT_MASTER) {
      throw notMaster();
    }
    ServerCallStreamObserver<DeliverResponse> call =
        (ServerCallStreamObserver<DeliverResponse>) out;
    call.setOnCancelHandler(() -> {});
    if (mood == Mood.READS_NOTHING) {
      call.disableAutoRequest();
      call.request(1);
    }
    return new Incoming(out);
  }

  private RuntimeException notMaster() {
    return Errors.of(Code.FAILED_PRECONDITION, Reason.NOT_MASTER, name + " is not the master");
  }

  private final class Outgoing {
    private final ServerCallStreamObserver<Batch> call;
    private final Thread thread = Thread.ofVirtual().unstarted(this::send);
    private Position at;

    Outgoing(Position after, ServerCallStreamObserver<Batch> call) {
      this.at = after;
      this.call = call;
      call.setOnReadyHandler(() -> LockSupport.unpark(thread));
      call.setOnCancelHandler(thread::interrupt);
    }

    private void send() {
      try {
        say(Batch.newBuilder().setSeen(cluster.end()).build());
        while (true) {
          Batch next = cluster.after(at, quietMillis);
          if (next == null) {
            say(Batch.newBuilder().setSeen(at.getIndex()).build());
            continue;
          }
          if (ballast > 0) {
            Batch.Builder heavier = next.toBuilder();
            heavier.addItemsBuilder().getPostBuilder().setText("x".repeat(ballast));
            next = heavier.build();
          }
          say(next);
          if (repeats) {
            say(next);
          }
          at = next.getUpTo();
        }
      } catch (InterruptedException e) {
        open.remove(this);
      } catch (RuntimeException e) {
        open.remove(this);
        call.onError(e);
      }
    }

    private void say(Batch batch) throws InterruptedException {
      while (mood != Mood.SERVES || !call.isReady()) {
        if (mood == Mood.NOT_MASTER) {
          throw notMaster();
        }
        LockSupport.parkNanos(Duration.ofMillis(50).toNanos());
        if (Thread.interrupted()) {
          throw new InterruptedException();
        }
      }
      call.onNext(batch);
      sentBytes.addAndGet(batch.getSerializedSize());
    }
  }

  private final class Incoming implements StreamObserver<DeliverRequest> {
    private final StreamObserver<DeliverResponse> out;
    private int peer = -1;

    Incoming(StreamObserver<DeliverResponse> out) {
      this.out = out;
    }

    @Override
    public void onNext(DeliverRequest request) {
      switch (mood) {
        case SILENT -> {
          return;
        }
        case NOT_MASTER -> throw notMaster();
        case SERVES, READS_NOTHING, REFUSES -> {}
      }
      if (peer < 0) {
        peer = request.getPeer();
      } else if (!request.getBatch().hasUpTo()) {
        cluster.seen(peer, request.getBatch().getSeen());
        return;
      } else if (request.getBatch().getItems(0).getName().getName().equals(poison)) {
        throw Status.INVALID_ARGUMENT.withDescription("poison").asRuntimeException();
      } else if (!cluster.receive(peer, request.getBatch())) {
        throw Status.ABORTED.withDescription("not at the cursor").asRuntimeException();
      }
      out.onNext(DeliverResponse.newBuilder().setCursor(cluster.cursor(peer)).build());
    }

    @Override
    public void onError(Throwable problem) {}

    @Override
    public void onCompleted() {
      out.onCompleted();
    }
  }
}
