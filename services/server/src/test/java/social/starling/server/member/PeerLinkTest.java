package social.starling.server.member;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import social.starling.common.Credential;
import social.starling.common.GrpcServer;
import social.starling.common.GrpcServers;
import social.starling.proto.replication.v1.Append;
import social.starling.proto.replication.v1.Entry;
import social.starling.proto.replication.v1.LinkMessage;
import social.starling.proto.replication.v1.LinkReply;
import social.starling.proto.replication.v1.ReplicationGrpc;

/** A peer that is stopped: its connection stands, and nobody reads. */
@Timeout(60)
class PeerLinkTest {

  @TempDir Path directory;

  private final Stopped peer = new Stopped();
  private GrpcServer server;
  private PeerLink link;

  /** Reads when it is told to. */
  private static final class Stopped extends ReplicationGrpc.ReplicationImplBase {
    final BlockingQueue<LinkMessage> read = new LinkedBlockingQueue<>();
    final BlockingQueue<ServerCallStreamObserver<LinkReply>> calls = new LinkedBlockingQueue<>();

    @Override
    public StreamObserver<LinkMessage> link(StreamObserver<LinkReply> replies) {
      ServerCallStreamObserver<LinkReply> call = (ServerCallStreamObserver<LinkReply>) replies;
      call.disableAutoRequest();
      calls.add(call);
      return new StreamObserver<>() {
        @Override
        public void onNext(LinkMessage message) {
          read.add(message);
        }

        @Override
        public void onError(Throwable problem) {}

        @Override
        public void onCompleted() {}
      };
    }
  }

  @BeforeEach
  void start() throws Exception {
    Path file = directory.resolve("credential");
    Files.writeString(file, "a-credential-for-tests-only-0123456789\n");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
    Credential credential = Credential.read(file);
    server = GrpcServers.internalServer("127.0.0.1", 0, credential, peer);
    link = new PeerLink("alpha", "alpha-1", "instance", Wire.FORMAT, credential);
    link.start();
    link.peerAt("127.0.0.1:" + server.port());
  }

  @AfterEach
  void end() {
    link.close();
    server.close();
  }

  private static LinkMessage message(long number, int bytes) {
    return LinkMessage.newBuilder()
        .setAppend(
            Append.newBuilder()
                .setEpoch(1)
                .setEndIndex(number)
                .addEntries(
                    Entry.newBuilder()
                        .setIndex(number)
                        .setRequest(ByteString.copyFrom(new byte[bytes]))))
        .build();
  }

  private ServerCallStreamObserver<LinkReply> stopped() throws InterruptedException {
    ServerCallStreamObserver<LinkReply> call = peer.calls.poll(20, TimeUnit.SECONDS);
    assertThat(call).isNotNull();
    return call;
  }

  /** Sends until messages have to wait; the number of the next one. */
  private long fill(int bytes) {
    long[] number = {0};
    await()
        .atMost(Pair.SOON)
        .until(() -> {
          for (int i = 0; i < 100 && link.waiting() == 0; i++) {
            link.send(message(++number[0], bytes));
          }
          return link.waiting() > 0;
        });
    return number[0] + 1;
  }

  @Test
  void theBytesThatWaitForAStoppedPeerAreBounded() throws Exception {
    stopped();
    long next = fill(64 << 10);
    // The transport may still have room for some of them.
    long[] number = {next};
    await()
        .atMost(Pair.SOON)
        .until(() -> {
          for (int i = 0; i < 1_000; i++) {
            link.send(message(number[0]++, 64 << 10));
            assertThat(link.waitingBytes()).isLessThanOrEqualTo(PeerLink.MAX_WAITING_BYTES);
          }
          return link.waitingBytes() > PeerLink.MAX_WAITING_BYTES - (128 << 10);
        });
  }

  @Test
  void theMessagesThatWaitForAStoppedPeerAreBoundedAndItGoesOnWithThoseThatWere() throws Exception {
    ServerCallStreamObserver<LinkReply> call = stopped();
    long next = fill(4 << 10);
    // The transport may still have room for some of them.
    long[] number = {next};
    await()
        .atMost(Pair.SOON)
        .until(() -> {
          for (int i = 0; i < 1_000; i++) {
            link.send(message(number[0]++, 4 << 10));
            assertThat(link.waiting()).isLessThanOrEqualTo(PeerLink.MAX_WAITING);
          }
          return link.waiting() == PeerLink.MAX_WAITING;
        });

    call.request(Integer.MAX_VALUE);

    assertThat(peer.read.poll(20, TimeUnit.SECONDS).hasHello()).isTrue();
    await().atMost(Pair.SOON).until(() -> link.waiting() == 0);
    link.send(message(1_000_000, 1));
    long last = 0;
    while (last < 1_000_000) {
      LinkMessage message = peer.read.poll(20, TimeUnit.SECONDS);
      assertThat(message).isNotNull();
      assertThat(message.getAppend().getEndIndex()).isGreaterThan(last);
      last = message.getAppend().getEndIndex();
    }
  }

  @Test
  void whatWaitedIsForgottenWhenTheConnectionBreaks() throws Exception {
    stopped();
    fill(64 << 10);

    server.close();

    await().atMost(Pair.SOON).until(() -> link.waiting() == 0 && link.waitingBytes() == 0);
    link.send(message(1, 1));
    assertThat(link.waiting()).isZero();
  }
}
