package social.starling.router;

import io.grpc.Context;
import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import social.starling.common.Errors;
import social.starling.common.GrpcServer;
import social.starling.common.GrpcServers;
import social.starling.common.Identity;
import social.starling.proto.sns.v1.AttendEvent;
import social.starling.proto.sns.v1.AttendRequest;
import social.starling.proto.sns.v1.BacklogEnd;
import social.starling.proto.sns.v1.FollowRequest;
import social.starling.proto.sns.v1.FollowResponse;
import social.starling.proto.sns.v1.GetPostsRequest;
import social.starling.proto.sns.v1.GetPostsResponse;
import social.starling.proto.sns.v1.Heartbeat;
import social.starling.proto.sns.v1.Post;
import social.starling.proto.sns.v1.PostRequest;
import social.starling.proto.sns.v1.PostResponse;
import social.starling.proto.sns.v1.Reason;
import social.starling.proto.sns.v1.SnsGrpc;
import social.starling.proto.sns.v1.StreamEvent;
import social.starling.proto.sns.v1.StreamRequest;

/** A member that behaves as a test says, over real gRPC. */
final class FakeMember extends SnsGrpc.SnsImplBase implements AutoCloseable {

  /** What it does with each call. */
  enum Mood {
    SERVES,
    NOT_MASTER,
    NOT_READY,
    WRONG_CLUSTER,
    UNKNOWN_OUTCOME,
    OVERLOADED,
    HANGS
  }

  private final String name;
  private final FakeCluster cluster;
  private GrpcServer server;
  private final int port;
  volatile Mood mood = Mood.SERVES;

  /** Address that it names as master's. */
  volatile String hint = "";

  volatile long hintEpoch;

  /** Streams break after this many posts; 0 for never. */
  volatile int breakAfter;

  volatile boolean repeats;
  final AtomicInteger calls = new AtomicInteger();
  final AtomicInteger sent = new AtomicInteger();
  final AtomicInteger attending = new AtomicInteger();
  final List<PostRequest> posts = new CopyOnWriteArrayList<>();
  final List<GetPostsRequest> reads = new CopyOnWriteArrayList<>();
  final List<StreamRequest> streams = new CopyOnWriteArrayList<>();
  final List<Long> millisLeft = new CopyOnWriteArrayList<>();

  FakeMember(String name, FakeCluster cluster) {
    this.name = name;
    this.cluster = cluster;
    this.server = GrpcServers.publicServer("127.0.0.1", 0, this);
    this.port = server.port();
    server.ready(true);
  }

  String name() {
    return name;
  }

  String address() {
    return "127.0.0.1:" + port;
  }

  GrpcServer server() {
    return server;
  }

  /** As kill -9: its connections break. */
  void die() {
    server.close();
  }

  void restart() {
    server = GrpcServers.publicServer("127.0.0.1", port, this);
    server.ready(true);
  }

  @Override
  public void close() {
    server.close();
  }

  @Override
  public void post(PostRequest request, StreamObserver<PostResponse> answer) {
    posts.add(request);
    enter();
    Post post = cluster.post(Identity.USER.get(), request.getText());
    answer.onNext(PostResponse.newBuilder().setPost(post).build());
    answer.onCompleted();
  }

  @Override
  public void follow(FollowRequest request, StreamObserver<FollowResponse> answer) {
    enter();
    throw Errors.of(
        Code.NOT_FOUND, Reason.USER_UNKNOWN, "there is no " + request.getName(), Map.of("a", "b"));
  }

  @Override
  public void getPosts(GetPostsRequest request, StreamObserver<GetPostsResponse> answer) {
    reads.add(request);
    enter();
    answer.onNext(GetPostsResponse.getDefaultInstance());
    answer.onCompleted();
  }

  @Override
  public void stream(StreamRequest request, StreamObserver<StreamEvent> observer) {
    streams.add(request);
    enter();
    ServerCallStreamObserver<StreamEvent> client = (ServerCallStreamObserver<StreamEvent>) observer;
    Ready ready = new Ready();
    client.setOnReadyHandler(ready::stir);
    client.setOnCancelHandler(ready::stir);
    Thread.ofVirtual().start(() -> serve(request, client, ready));
  }

  @Override
  public void attend(AttendRequest request, StreamObserver<AttendEvent> observer) {
    enter();
    attending.incrementAndGet();
    ((ServerCallStreamObserver<AttendEvent>) observer)
        .setOnCancelHandler(attending::decrementAndGet);
    observer.onNext(AttendEvent.getDefaultInstance());
  }

  private void enter() {
    calls.incrementAndGet();
    if (Context.current().getDeadline() != null) {
      millisLeft.add(Context.current().getDeadline().timeRemaining(TimeUnit.MILLISECONDS));
    }
    switch (mood) {
      case SERVES -> {}
      case NOT_MASTER -> throw notMaster();
      case NOT_READY -> throw Errors.of(Code.UNAVAILABLE, Reason.NOT_READY, "not open yet");
      case WRONG_CLUSTER ->
          throw Errors.of(
              Code.FAILED_PRECONDITION, Reason.WRONG_CLUSTER, "the slot is another cluster's");
      case UNKNOWN_OUTCOME ->
          throw Errors.of(Code.UNAVAILABLE, Reason.UNKNOWN_OUTCOME, "deposed in the middle");
      case OVERLOADED ->
          throw Errors.of(Code.RESOURCE_EXHAUSTED, Reason.OVERLOADED, "the queue is full");
      case HANGS -> hang();
    }
  }

  private StatusRuntimeException notMaster() {
    return Errors.of(
        Code.FAILED_PRECONDITION,
        Reason.NOT_MASTER,
        name + " is not the master",
        Map.of("cluster", "alpha", "epoch", Long.toString(hintEpoch), "master", hint));
  }

  // Until the caller gives up.
  private static void hang() {
    Ready gone = new Ready();
    Context.current().addListener(context -> gone.stir(), Runnable::run);
    while (!Context.current().isCancelled()) {
      gone.await(1000);
    }
  }

  private static final class Ready {
    synchronized void stir() {
      notifyAll();
    }

    synchronized void await(long millis) {
      try {
        wait(millis);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private void serve(
      StreamRequest request, ServerCallStreamObserver<StreamEvent> client, Ready ready) {
    try {
      int end = cluster.size();
      int from =
          request.hasCursor()
              ? (int) request.getCursor() - (repeats ? 1 : 0)
              : Math.max(0, end - request.getBacklog());
      boolean ended = false;
      for (int place = from + 1, count = 0; !client.isCancelled(); ) {
        if (breakAfter > 0 && count >= breakAfter) {
          client.onError(Errors.of(Code.UNAVAILABLE, Reason.NOT_READY, "handing over"));
          return;
        }
        while (!client.isReady() && !client.isCancelled()) {
          ready.await(100);
        }
        if (mood == Mood.HANGS) {
          ready.await(100);
          continue;
        }
        if (!ended && place > end) {
          client.onNext(
              StreamEvent.newBuilder()
                  .setBacklogEnd(BacklogEnd.getDefaultInstance())
                  .setCursor(end)
                  .build());
          ended = true;
        }
        Optional<Post> post = cluster.at(place, 200);
        if (mood == Mood.HANGS) {
          continue;
        }
        if (post.isPresent()) {
          client.onNext(StreamEvent.newBuilder().setPost(post.get()).setCursor(place).build());
          sent.incrementAndGet();
          place++;
          count++;
        } else {
          client.onNext(
              StreamEvent.newBuilder()
                  .setHeartbeat(Heartbeat.getDefaultInstance())
                  .setCursor(place - 1L)
                  .build());
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
