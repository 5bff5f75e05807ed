package social.starling.server.member;

import com.google.protobuf.ByteString;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.security.MessageDigest;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;
import social.starling.common.Channels;
import social.starling.common.GrpcServer;
import social.starling.common.GrpcServers;
import social.starling.proto.coordinator.v1.CoordinationGrpc;
import social.starling.proto.coordinator.v1.CoordinatorMessage;
import social.starling.proto.coordinator.v1.Hello;
import social.starling.proto.coordinator.v1.MemberMessage;
import social.starling.proto.replication.v1.FetchSnapshotRequest;
import social.starling.proto.replication.v1.LinkHello;
import social.starling.proto.replication.v1.LinkMessage;
import social.starling.proto.replication.v1.LinkReply;
import social.starling.proto.replication.v1.ReplicationGrpc;
import social.starling.proto.replication.v1.SnapshotChunk;
import social.starling.proto.replication.v1.SnapshotNeeded;
import social.starling.server.storage.Snapshot;
import social.starling.server.storage.Volume;

/** Plays alpha-1, the master, towards a real alpha-2: sends copies when the test wants it. */
final class FakeMaster extends ReplicationGrpc.ReplicationImplBase implements AutoCloseable {

  /** A copy that alpha-2 has asked for. */
  record Fetch(FetchSnapshotRequest request, StreamObserver<SnapshotChunk> out) {}

  final BlockingQueue<Fetch> fetches = new LinkedBlockingQueue<>();
  final AtomicInteger asked = new AtomicInteger();
  private final GrpcServer server;
  private final ManagedChannel coordinator;
  private StreamObserver<LinkMessage> link;

  FakeMaster(Pair pair) {
    server = GrpcServers.internalServer("127.0.0.1", 0, pair.credential, this);
    coordinator = Channels.open(pair.coordinator.address(), pair.credential.clientInterceptor());
    CoordinationGrpc.newStub(coordinator)
        .withWaitForReady()
        .session(new Deaf<CoordinatorMessage>())
        .onNext(
            MemberMessage.newBuilder()
                .setHello(
                    Hello.newBuilder()
                        .setCluster("alpha")
                        .setMember("alpha-1")
                        .setInstance("fake")
                        .setVolume("of-alpha-1")
                        .setInternalAddress("127.0.0.1:" + server.port()))
                .build());
  }

  /** Opens the link to alpha-2. */
  void connect(Node node) {
    link = ReplicationGrpc.newStub(node.internalChannel).link(new Deaf<LinkReply>());
    link.onNext(
        LinkMessage.newBuilder()
            .setHello(
                LinkHello.newBuilder()
                    .setCluster("alpha")
                    .setMember("alpha-1")
                    .setInstance("fake")
                    .setFormat(Wire.FORMAT))
            .build());
  }

  void snapshotNeeded(long epoch, String volume) {
    link.onNext(
        LinkMessage.newBuilder()
            .setSnapshotNeeded(SnapshotNeeded.newBuilder().setEpoch(epoch).setVolume(volume))
            .build());
  }

  @Override
  public StreamObserver<LinkMessage> link(StreamObserver<LinkReply> replies) {
    return new Deaf<>();
  }

  @Override
  public void fetchSnapshot(FetchSnapshotRequest request, StreamObserver<SnapshotChunk> out) {
    asked.incrementAndGet();
    fetches.add(new Fetch(request, out));
  }

  /** Sends all that a volume holds. */
  static void answer(Fetch fetch, Volume volume) throws Exception {
    MessageDigest digest = MessageDigest.getInstance("SHA-256");
    try (Snapshot snapshot = volume.snapshot()) {
      long files = 0;
      for (Snapshot.File file : snapshot.files()) {
        files++;
        fetch.out.onNext(
            SnapshotChunk.newBuilder().setPath(file.path()).setSize(file.size()).build());
        snapshot.read(
            file,
            64 << 10,
            part -> {
              ByteString data = ByteString.copyFrom(part);
              digest.update(data.asReadOnlyByteBuffer());
              fetch.out.onNext(SnapshotChunk.newBuilder().setData(data).build());
            });
      }
      fetch.out.onNext(
          SnapshotChunk.newBuilder()
              .setLast(true)
              .setFiles(files)
              .setSha256(ByteString.copyFrom(digest.digest()))
              .build());
    } catch (IOException e) {
      fetch.out.onError(Status.UNAVAILABLE.asRuntimeException());
      throw e;
    }
    fetch.out.onCompleted();
  }

  @Override
  public void close() {
    coordinator.shutdownNow();
    server.close();
  }

  private static final class Deaf<T> implements StreamObserver<T> {
    @Override
    public void onNext(T message) {}

    @Override
    public void onError(Throwable problem) {}

    @Override
    public void onCompleted() {}
  }
}
