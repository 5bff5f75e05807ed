package social.starling.server.member;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import social.starling.common.Credential;
import social.starling.common.GrpcServer;
import social.starling.common.GrpcServers;
import social.starling.proto.replication.v1.LinkMessage;
import social.starling.proto.replication.v1.LinkReply;
import social.starling.proto.replication.v1.ReplicationGrpc;

@Timeout(30)
class PeerLinkAddressTest {

  private final BlockingQueue<LinkMessage> heard = new LinkedBlockingQueue<>();

  @Test
  void anAddressThatIsNoneIsSurvived() throws Exception {
    Credential credential = Credential.of("a-credential-for-tests-only-0123456789");
    try (GrpcServer peer = GrpcServers.internalServer("127.0.0.1", 0, credential, new Listener());
        PeerLink link = new PeerLink("alpha", "alpha-1", "i", Wire.FORMAT, credential)) {
      link.start();
      link.peerAt("this is no address");
      // It is tried, in vain, before there is another.
      await().during(Duration.ofMillis(300)).until(() -> heard.isEmpty());

      link.peerAt("127.0.0.1:" + peer.port());

      await().until(() -> !heard.isEmpty());
      assertThat(heard.take().getHello().getMember()).isEqualTo("alpha-1");
    }
  }

  private final class Listener extends ReplicationGrpc.ReplicationImplBase {
    @Override
    public StreamObserver<LinkMessage> link(StreamObserver<LinkReply> replies) {
      return new StreamObserver<>() {
        @Override
        public void onNext(LinkMessage message) {
          heard.add(message);
        }

        @Override
        public void onError(Throwable problem) {}

        @Override
        public void onCompleted() {
          replies.onCompleted();
        }
      };
    }
  }
}
