package social.starling.bench.growth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.grpc.Server;
import io.grpc.Status;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import social.starling.common.Errors;
import social.starling.common.Identity;
import social.starling.common.StartException;
import social.starling.proto.sns.v1.FollowRequest;
import social.starling.proto.sns.v1.FollowResponse;
import social.starling.proto.sns.v1.PostRequest;
import social.starling.proto.sns.v1.PostResponse;
import social.starling.proto.sns.v1.Reason;
import social.starling.proto.sns.v1.SnsGrpc;
import social.starling.proto.sns.v1.WriteId;

class LanesTest {

  private final Service service = new Service();
  private Server server;
  private String address;

  @BeforeEach
  void start() throws Exception {
    server =
        NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
            .addService(service)
            .intercept(Identity.interceptor())
            .build()
            .start();
    address = "127.0.0.1:" + server.getPort();
  }

  @AfterEach
  void stop() throws Exception {
    server.shutdownNow().awaitTermination();
  }

  @Test
  void shouldMakeEachCallOnceAndRepeatTheSameWriteWhenItCanBe() throws Exception {
    service.overloaded = true;
    try (Lanes lanes = new Lanes(List.of(address), 8)) {
      Budget budget = new Budget(Duration.ofMinutes(1));

      long made =
          lanes.run(new Supply(0, 500, budget, i -> new Call.Post("user_" + i, "text " + i)));

      assertThat(made).isEqualTo(500);
      assertThat(service.texts.values()).hasSize(500).doesNotHaveDuplicates();
      assertThat(service.clients()).hasSizeBetween(1, 8);
      assertThat(service.refused).isEqualTo(service.texts.keySet());
    }
  }

  @Test
  void shouldTakeAFollowThatIsThereForDone() throws Exception {
    try (Lanes lanes = new Lanes(List.of(address), 2)) {
      Budget budget = new Budget(Duration.ofMinutes(1));

      assertThat(lanes.run(new Supply(0, 3, budget, _ -> new Call.Follow("a", "b")))).isEqualTo(3);
    }
  }

  @Test
  void shouldStopAndSayWhatFailedForGood() throws Exception {
    try (Lanes lanes = new Lanes(List.of(address), 2)) {
      Budget budget = new Budget(Duration.ofMinutes(1));

      assertThatThrownBy(
              () -> lanes.run(new Supply(0, 1_000_000, budget, _ -> new Call.Timeline("a"))))
          .isInstanceOf(StartException.class)
          .hasMessageContaining("Timeline[user=a] failed: Status{code=UNIMPLEMENTED");
    }
  }

  @Test
  void shouldAskTheOtherMemberWhenThisOneIsNotThere() throws Exception {
    server.shutdownNow().awaitTermination();
    String gone = address;
    start();
    try (Lanes lanes = new Lanes(List.of(gone, address), 4)) {
      Budget budget = new Budget(Duration.ofMinutes(1));

      assertThat(lanes.run(new Supply(0, 20, budget, i -> new Call.Post("a", "text " + i))))
          .isEqualTo(20);
    }
  }

  /** Keeps what it is told by its write; refuses each first attempt when it is overloaded. */
  private static final class Service extends SnsGrpc.SnsImplBase {
    private final Map<WriteId, String> texts = new ConcurrentHashMap<>();
    private final Set<WriteId> refused = ConcurrentHashMap.newKeySet();
    private volatile boolean overloaded;

    Set<String> clients() {
      Set<String> clients = ConcurrentHashMap.newKeySet();
      texts.keySet().forEach(write -> clients.add(write.getClient()));
      return clients;
    }

    @Override
    public void post(PostRequest in, StreamObserver<PostResponse> out) {
      if (overloaded && refused.add(in.getWrite())) {
        out.onError(Errors.of(Status.Code.RESOURCE_EXHAUSTED, Reason.OVERLOADED, "wait a moment"));
        return;
      }
      texts.put(in.getWrite(), in.getText());
      out.onNext(PostResponse.getDefaultInstance());
      out.onCompleted();
    }

    @Override
    public void follow(FollowRequest in, StreamObserver<FollowResponse> out) {
      out.onError(Errors.of(Status.Code.ALREADY_EXISTS, Reason.ALREADY_FOLLOWING, "already"));
    }
  }
}
