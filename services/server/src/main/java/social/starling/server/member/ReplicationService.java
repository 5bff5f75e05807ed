package social.starling.server.member;

import com.google.protobuf.ByteString;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import social.starling.proto.replication.v1.FetchSnapshotRequest;
import social.starling.proto.replication.v1.LinkHello;
import social.starling.proto.replication.v1.LinkMessage;
import social.starling.proto.replication.v1.LinkReply;
import social.starling.proto.replication.v1.ReplicationGrpc;
import social.starling.proto.replication.v1.SnapshotChunk;
import social.starling.replication.Message;
import social.starling.replication.Role;
import social.starling.server.storage.Snapshot;
import social.starling.server.storage.Volume;

/** What the other member says to this one, and the full copies that it takes from here. */
public final class ReplicationService extends ReplicationGrpc.ReplicationImplBase {

  private static final int CHUNK = 256 << 10;
  private static final long SLOW_READER_NANOS = 30_000_000_000L;
  private static final long READY_NANOS = 100_000_000;
  private static final int MAX_COPIES = 2;

  private final Logger log = LoggerFactory.getLogger(ReplicationService.class);
  private final MemberSettings settings;
  private final Member member;
  private final Volume volume;
  private final Semaphore copies = new Semaphore(MAX_COPIES);
  private final AtomicReference<Incoming> current = new AtomicReference<>();

  public ReplicationService(MemberSettings settings, Member member, Volume volume) {
    this.settings = settings;
    this.member = member;
    this.volume = volume;
  }

  /** Whether the handler of a method leaves the thread that calls it at once, always. */
  public static boolean neverBlocks(MethodDescriptor<?, ?> method) {
    return method.getFullMethodName().equals(ReplicationGrpc.getLinkMethod().getFullMethodName());
  }

  /** The messages of the other member. What this does with one never blocks. */
  @Override
  public StreamObserver<LinkMessage> link(StreamObserver<LinkReply> replies) {
    return new Incoming(replies);
  }

  /** One connection of the other member. */
  private final class Incoming implements StreamObserver<LinkMessage> {
    private final StreamObserver<LinkReply> replies;
    private boolean greeted;
    private boolean over;
    private String from = "";

    Incoming(StreamObserver<LinkReply> replies) {
      this.replies = replies;
    }

    @Override
    public void onNext(LinkMessage in) {
      if (over) {
        return;
      }
      if (!greeted) {
        greet(in);
        return;
      }
      Message message;
      try {
        message = Wire.fromProto(in);
      } catch (IllegalArgumentException e) {
        refuse(Status.INVALID_ARGUMENT, "malformed message: " + e.getMessage());
        return;
      }
      if (message == null) {
        return;
      }
      if (in.hasAck()) {
        member.peerDisk(in.getAck().getFull());
      }
      // What was on its way when an epoch began is dropped by the replica, without a word.
      boolean stale = member.promiseAge() > settings.timing().silence().toNanos();
      if (stale && message instanceof Message.Append append && append.epoch() < member.promised()) {
        refuse(
            Status.FAILED_PRECONDITION,
            "epoch %d is over; %s has promised %d"
                .formatted(append.epoch(), settings.member(), member.promised()));
        return;
      }
      member.received(from, message);
    }

    private void greet(LinkMessage in) {
      LinkHello hello = in.getHello();
      if (member.members().getMembersCount() == 0) {
        over = true;
        replies.onError(
            Status.UNAVAILABLE
                .withDescription(settings.member() + " has not heard of its cluster yet")
                .asRuntimeException());
        return;
      }
      boolean expected =
          in.hasHello()
              && hello.getCluster().equals(settings.cluster())
              && !hello.getMember().equals(settings.member())
              && member.members().getMembersList().stream()
                  .anyMatch(each -> each.getName().equals(hello.getMember()));
      if (!expected) {
        refuse(
            Status.PERMISSION_DENIED,
            "'%s' of cluster '%s' is not the other member of %s"
                .formatted(hello.getMember(), hello.getCluster(), settings.cluster()));
        return;
      }
      if (hello.getFormat() < Wire.OLDEST_FORMAT) {
        refuse(
            Status.FAILED_PRECONDITION,
            "journal format %d is older than %d, the oldest that %s reads; upgrade the other member"
                .formatted(hello.getFormat(), Wire.OLDEST_FORMAT, settings.member()));
        return;
      }
      greeted = true;
      from = hello.getMember();
      current.set(this);
      log.atInfo()
          .addKeyValue("peer", hello.getMember())
          .addKeyValue("instance", hello.getInstance())
          .log("the other member is connected");
    }

    private void refuse(Status status, String why) {
      over = true;
      log.warn("refused the other member: {}", why);
      replies.onError(status.withDescription(why).asRuntimeException());
      broken();
    }

    @Override
    public void onError(Throwable problem) {
      broken();
    }

    @Override
    public void onCompleted() {
      if (!over) {
        over = true;
        replies.onCompleted();
      }
      broken();
    }

    private void broken() {
      // A newer connection says that the other member is there: the end of an older one is no news.
      if (greeted && current.compareAndSet(this, null)) {
        member.linkBroken();
      }
    }
  }

  @Override
  public void fetchSnapshot(FetchSnapshotRequest request, StreamObserver<SnapshotChunk> out) {
    var status = member.status();
    if (!request.getCluster().equals(settings.cluster())) {
      out.onError(
          Status.PERMISSION_DENIED
              .withDescription(settings.member() + " is not of cluster " + request.getCluster())
              .asRuntimeException());
      return;
    }
    boolean master =
        status != null && (status.role() == Role.OPEN || status.role() == Role.WAITING);
    if (!master || request.getEpoch() != status.knownEpoch()) {
      out.onError(
          Status.FAILED_PRECONDITION
              .withDescription(
                  "%s is not the master of epoch %d; ask the master of epoch %d"
                      .formatted(
                          settings.member(),
                          request.getEpoch(),
                          status == null ? 0 : status.knownEpoch()))
              .asRuntimeException());
      return;
    }
    if (!copies.tryAcquire()) {
      out.onError(
          Status.RESOURCE_EXHAUSTED
              .withDescription(settings.member() + " is sending copies already; try again")
              .asRuntimeException());
      return;
    }
    ServerCallStreamObserver<SnapshotChunk> call = (ServerCallStreamObserver<SnapshotChunk>) out;
    // Not on the handler's thread, which must hear of readiness and cancellation.
    Thread sender = Thread.ofVirtual().name("snapshot").unstarted(() -> send(call));
    call.setOnReadyHandler(() -> LockSupport.unpark(sender));
    call.setOnCancelHandler(() -> LockSupport.unpark(sender));
    sender.start();
  }

  private void send(ServerCallStreamObserver<SnapshotChunk> call) {
    try {
      copy(call);
    } finally {
      copies.release();
    }
  }

  private void copy(ServerCallStreamObserver<SnapshotChunk> call) {
    try (Snapshot snapshot = volume.snapshot()) {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      long files = 0;
      for (Snapshot.File file : snapshot.files()) {
        files++;
        say(call, SnapshotChunk.newBuilder().setPath(file.path()).setSize(file.size()));
        snapshot.read(
            file,
            CHUNK,
            part -> {
              ByteString data = ByteString.copyFrom(part);
              digest.update(data.asReadOnlyByteBuffer());
              say(call, SnapshotChunk.newBuilder().setData(data));
            });
      }
      say(
          call,
          SnapshotChunk.newBuilder()
              .setLast(true)
              .setFiles(files)
              .setSha256(ByteString.copyFrom(digest.digest())));
      call.onCompleted();
    } catch (CancelledException e) {
      log.debug("the other member gave up the full copy");
    } catch (IOException | NoSuchAlgorithmException | RuntimeException e) {
      log.error("a full copy could not be made", e);
      call.onError(
          Status.UNAVAILABLE
              .withDescription("the full copy could not be made: " + e.getMessage())
              .asRuntimeException());
    }
  }

  private static final class CancelledException extends RuntimeException {
    private static final long serialVersionUID = 1L;
  }

  private static void say(
      ServerCallStreamObserver<SnapshotChunk> call, SnapshotChunk.Builder chunk) {
    awaitReady(call);
    call.onNext(chunk.build());
  }

  private static void awaitReady(ServerCallStreamObserver<SnapshotChunk> call) {
    long since = System.nanoTime();
    while (!call.isReady()) {
      if (call.isCancelled() || System.nanoTime() - since > SLOW_READER_NANOS) {
        throw new CancelledException();
      }
      LockSupport.parkNanos(READY_NANOS);
    }
  }
}
