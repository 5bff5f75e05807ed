package social.starling.client;

import com.google.protobuf.Message;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import social.starling.common.Errors;
import social.starling.common.GrpcServer;
import social.starling.common.GrpcServers;
import social.starling.common.Identity;
import social.starling.proto.router.v1.LocateRequest;
import social.starling.proto.router.v1.LocateResponse;
import social.starling.proto.router.v1.Location;
import social.starling.proto.router.v1.RouterGrpc;
import social.starling.proto.sns.v1.AttendEvent;
import social.starling.proto.sns.v1.AttendRequest;
import social.starling.proto.sns.v1.BacklogEnd;
import social.starling.proto.sns.v1.DeleteRequest;
import social.starling.proto.sns.v1.DeleteResponse;
import social.starling.proto.sns.v1.FollowRequest;
import social.starling.proto.sns.v1.FollowResponse;
import social.starling.proto.sns.v1.GetPostsRequest;
import social.starling.proto.sns.v1.GetPostsResponse;
import social.starling.proto.sns.v1.GetTimelineRequest;
import social.starling.proto.sns.v1.GetTimelineResponse;
import social.starling.proto.sns.v1.Heartbeat;
import social.starling.proto.sns.v1.ListFollowersRequest;
import social.starling.proto.sns.v1.ListFollowersResponse;
import social.starling.proto.sns.v1.ListFollowingRequest;
import social.starling.proto.sns.v1.ListFollowingResponse;
import social.starling.proto.sns.v1.ListUsersRequest;
import social.starling.proto.sns.v1.ListUsersResponse;
import social.starling.proto.sns.v1.LoginRequest;
import social.starling.proto.sns.v1.LoginResponse;
import social.starling.proto.sns.v1.Page;
import social.starling.proto.sns.v1.Post;
import social.starling.proto.sns.v1.PostRequest;
import social.starling.proto.sns.v1.PostResponse;
import social.starling.proto.sns.v1.Reason;
import social.starling.proto.sns.v1.SnsGrpc;
import social.starling.proto.sns.v1.StreamEvent;
import social.starling.proto.sns.v1.StreamRequest;
import social.starling.proto.sns.v1.UnfollowRequest;
import social.starling.proto.sns.v1.UnfollowResponse;
import social.starling.proto.sns.v1.User;

/**
 * A pretended member, or a router when it is given locations: real gRPC on loopback, its state in
 * memory, its faults on command. Tests change {@link #mode} at any time.
 */
public final class FakeMember implements AutoCloseable {

  /** What it does with a call. */
  public enum Mode {
    OPEN,
    NOT_MASTER,
    NOT_READY,
    /** As a router says it; as a member, of a name in another cluster's slot. */
    CLUSTER_DOWN,
    /** The same, after the router asked a member that did not answer. */
    CLUSTER_DOWN_IN_DOUBT,
    WRONG_CLUSTER,
    /** Takes the call and says nothing until the mode changes and the call is gone. */
    SILENT,
    /** Does the write, and then the connection seems to break. */
    LOSE_ANSWER,
    /** As LOSE_ANSWER once, then OPEN. */
    LOSE_ONE_ANSWER
  }

  private final FakeState state;
  private final CountDownLatch stopped = new CountDownLatch(1);
  private final List<ServerCallStreamObserver<StreamEvent>> streams = new ArrayList<>();
  private GrpcServer server;
  private int port;

  public volatile Mode mode = Mode.OPEN;
  public volatile String master = "";
  public volatile long epoch = 1;
  public volatile List<Location> locations = List.of();

  /** Users who live elsewhere than most, as a router tells it. */
  public final Map<String, LocateResponse> elsewheres = new ConcurrentHashMap<>();

  /** Every so many-th answer is lost; 0 means none. */
  public volatile int loseEvery;

  public volatile boolean repeatsEvents;

  /** Streams break after this many events; 0 means never. */
  public volatile int cutAfter;

  public final AtomicInteger calls = new AtomicInteger();
  public final AtomicInteger locates = new AtomicInteger();
  public final AtomicInteger streamsOpened = new AtomicInteger();
  public final AtomicInteger attending = new AtomicInteger();

  public FakeMember(FakeState state) {
    this.state = state;
    start();
  }

  public void start() {
    server = GrpcServers.publicServer("127.0.0.1", port, new Sns(), new Locator());
    port = server.port();
  }

  public String address() {
    return "127.0.0.1:" + port;
  }

  /** As kill -9: every connection breaks, the port refuses. */
  public void kill() {
    try {
      server.stop(Duration.ZERO);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Ends the streams under way, as a crash would; calls go on. */
  public void cutStreams() {
    synchronized (streams) {
      for (ServerCallStreamObserver<StreamEvent> stream : streams) {
        try {
          stream.onError(Status.UNAVAILABLE.asRuntimeException());
        } catch (IllegalStateException e) {
          // It ended by itself.
        }
      }
      streams.clear();
    }
  }

  @Override
  public void close() {
    stopped.countDown();
    kill();
  }

  private void awaitWhileSilent() {
    try {
      boolean over = false;
      while (mode == Mode.SILENT && !over) {
        over = stopped.await(10, TimeUnit.MILLISECONDS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private <A extends Message> void answer(StreamObserver<A> to, Supplier<A> effect) {
    int call = calls.incrementAndGet();
    try {
      gate();
      A answer = effect.get();
      Mode now = loseEvery > 0 && call % loseEvery == 0 ? Mode.LOSE_ANSWER : mode;
      if (now == Mode.LOSE_ONE_ANSWER) {
        mode = Mode.OPEN;
      }
      if (now == Mode.LOSE_ANSWER || now == Mode.LOSE_ONE_ANSWER) {
        throw Status.UNAVAILABLE.withDescription("connection reset").asRuntimeException();
      }
      to.onNext(answer);
      to.onCompleted();
    } catch (StatusRuntimeException e) {
      to.onError(e);
    }
  }

  private void gate() {
    switch (mode) {
      case NOT_MASTER ->
          throw Errors.of(
              Status.Code.FAILED_PRECONDITION,
              Reason.NOT_MASTER,
              "ask the master",
              Map.of("cluster", "alpha", "epoch", Long.toString(epoch), "master", master));
      case CLUSTER_DOWN -> throw clusterDown();
      case CLUSTER_DOWN_IN_DOUBT -> throw Errors.doubtful(clusterDown());
      case WRONG_CLUSTER ->
          throw Errors.of(
              Status.Code.FAILED_PRECONDITION, Reason.WRONG_CLUSTER, "the slot is another's");
      case NOT_READY ->
          throw Errors.of(Status.Code.UNAVAILABLE, Reason.NOT_READY, "starting; try again");
      case SILENT -> {
        awaitWhileSilent();
        throw Status.UNAVAILABLE.asRuntimeException();
      }
      default -> {
        // Goes on.
      }
    }
  }

  private static StatusRuntimeException clusterDown() {
    return Errors.of(
        Status.Code.UNAVAILABLE,
        Reason.CLUSTER_DOWN,
        "no member of cluster alpha can serve now; try again",
        Map.of("cluster", "alpha"));
  }

  private static List<Post> page(List<Post> newestFirst, Page page) {
    return newestFirst.stream()
        .filter(post -> page.getMaxId() == 0 || post.getId() < page.getMaxId())
        .filter(post -> post.getId() > page.getSinceId())
        .limit(page.getLimit() == 0 ? 20 : page.getLimit())
        .toList();
  }

  private static List<String> page(List<String> names, int limit, String after) {
    return names.stream()
        .filter(name -> name.compareToIgnoreCase(after) > 0)
        .limit(limit == 0 ? 200 : limit)
        .toList();
  }

  private static String next(List<String> page, List<String> all) {
    return page.isEmpty() || page.getLast().equals(all.getLast()) ? "" : page.getLast();
  }

  private final class Locator extends RouterGrpc.RouterImplBase {

    @Override
    public void locate(LocateRequest request, StreamObserver<LocateResponse> to) {
      locates.incrementAndGet();
      if (mode == Mode.CLUSTER_DOWN) {
        to.onError(clusterDown());
        return;
      }
      LocateResponse elsewhere = elsewheres.get(request.getUser());
      if (elsewhere != null) {
        to.onNext(elsewhere);
        to.onCompleted();
        return;
      }
      to.onNext(
          LocateResponse.newBuilder()
              .setCluster("alpha")
              .setEpoch(epoch)
              .addAllMembers(locations)
              .build());
      to.onCompleted();
    }
  }

  private final class Sns extends SnsGrpc.SnsImplBase {

    @Override
    public void login(LoginRequest request, StreamObserver<LoginResponse> to) {
      String user = Identity.USER.get();
      answer(
          to,
          () ->
              state.write(
                  request.getWrite(),
                  () ->
                      LoginResponse.newBuilder()
                          .setCreated(state.login(user))
                          .setUser(user)
                          .setCluster("alpha")
                          .setCursor(state.lastIndex())
                          .build()));
    }

    @Override
    public void follow(FollowRequest request, StreamObserver<FollowResponse> to) {
      String user = Identity.USER.get();
      answer(
          to,
          () ->
              state.write(
                  request.getWrite(),
                  () -> {
                    state.follow(user, request.getName());
                    return FollowResponse.getDefaultInstance();
                  }));
    }

    @Override
    public void unfollow(UnfollowRequest request, StreamObserver<UnfollowResponse> to) {
      String user = Identity.USER.get();
      answer(
          to,
          () ->
              state.write(
                  request.getWrite(),
                  () -> {
                    state.unfollow(user, request.getName());
                    return UnfollowResponse.getDefaultInstance();
                  }));
    }

    @Override
    public void post(PostRequest request, StreamObserver<PostResponse> to) {
      String user = Identity.USER.get();
      answer(
          to,
          () ->
              state.write(
                  request.getWrite(),
                  () ->
                      PostResponse.newBuilder()
                          .setPost(state.post(user, request.getText()))
                          .build()));
    }

    @Override
    public void delete(DeleteRequest request, StreamObserver<DeleteResponse> to) {
      String user = Identity.USER.get();
      answer(
          to,
          () ->
              state.write(
                  request.getWrite(),
                  () -> {
                    state.delete(user, request.getId());
                    return DeleteResponse.getDefaultInstance();
                  }));
    }

    @Override
    public void listUsers(ListUsersRequest request, StreamObserver<ListUsersResponse> to) {
      answer(
          to,
          () -> {
            List<String> all = state.users();
            List<String> page = page(all, request.getLimit(), request.getAfter());
            return ListUsersResponse.newBuilder()
                .addAllUsers(
                    page.stream().map(name -> User.newBuilder().setName(name).build()).toList())
                .setNext(next(page, all))
                .build();
          });
    }

    @Override
    public void listFollowers(
        ListFollowersRequest request, StreamObserver<ListFollowersResponse> to) {
      String user = Identity.USER.get();
      answer(
          to,
          () -> {
            List<String> all = state.followers(user);
            List<String> page = page(all, request.getLimit(), request.getAfter());
            return ListFollowersResponse.newBuilder()
                .addAllNames(page)
                .setNext(next(page, all))
                .build();
          });
    }

    @Override
    public void listFollowing(
        ListFollowingRequest request, StreamObserver<ListFollowingResponse> to) {
      String user = Identity.USER.get();
      answer(
          to,
          () -> {
            List<String> all = state.following(user);
            List<String> page = page(all, request.getLimit(), request.getAfter());
            return ListFollowingResponse.newBuilder()
                .addAllNames(page)
                .setNext(next(page, all))
                .build();
          });
    }

    @Override
    public void getPosts(GetPostsRequest request, StreamObserver<GetPostsResponse> to) {
      answer(
          to,
          () ->
              GetPostsResponse.newBuilder()
                  .addAllPosts(page(state.posts(request.getAuthor()), request.getPage()))
                  .build());
    }

    @Override
    public void getTimeline(GetTimelineRequest request, StreamObserver<GetTimelineResponse> to) {
      String user = Identity.USER.get();
      answer(
          to,
          () -> {
            long cursor = state.lastIndex();
            List<Post> all =
                state.timeline(user, 0).stream().map(FakeState.Change::post).toList().reversed();
            return GetTimelineResponse.newBuilder()
                .addAllPosts(page(all, request.getPage()))
                .setCursor(cursor)
                .build();
          });
    }

    @Override
    public void attend(AttendRequest request, StreamObserver<AttendEvent> to) {
      attending.incrementAndGet();
      try {
        ServerCallStreamObserver<AttendEvent> call = (ServerCallStreamObserver<AttendEvent>) to;
        boolean over = false;
        while (!call.isCancelled() && !over) {
          over = stopped.await(10, TimeUnit.MILLISECONDS);
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      } finally {
        attending.decrementAndGet();
      }
    }

    @Override
    public void stream(StreamRequest request, StreamObserver<StreamEvent> to) {
      streamsOpened.incrementAndGet();
      ServerCallStreamObserver<StreamEvent> call = (ServerCallStreamObserver<StreamEvent>) to;
      synchronized (streams) {
        streams.add(call);
      }
      try {
        gate();
        new Sending(Identity.USER.get(), call).run(request);
      } catch (StatusRuntimeException e) {
        call.onError(e);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      } catch (IllegalStateException e) {
        // Cut from outside.
      }
    }
  }

  private final class Sending {

    private final String user;
    private final ServerCallStreamObserver<StreamEvent> call;
    private int sent;
    private long cursor;

    Sending(String user, ServerCallStreamObserver<StreamEvent> call) {
      this.user = user;
      this.call = call;
    }

    void run(StreamRequest request) throws InterruptedException {
      if (request.hasCursor()) {
        cursor = request.getCursor();
        live();
        send(end());
      } else {
        long now = state.lastIndex();
        List<FakeState.Change> all = state.timeline(user, 0);
        int from = Math.max(0, all.size() - request.getBacklog());
        for (FakeState.Change change : all.subList(from, all.size())) {
          send(post(change).setCursor(now).build());
        }
        cursor = now;
        send(end());
      }
      long heard = System.nanoTime();
      while (!call.isCancelled() && stopped.getCount() > 0) {
        if (mode == Mode.SILENT) {
          awaitWhileSilent();
          return;
        }
        if (mode == Mode.CLUSTER_DOWN) {
          throw clusterDown();
        }
        if (live()) {
          heard = System.nanoTime();
        } else if (System.nanoTime() - heard > 200_000_000L) {
          send(
              StreamEvent.newBuilder()
                  .setHeartbeat(Heartbeat.getDefaultInstance())
                  .setCursor(cursor)
                  .build());
          heard = System.nanoTime();
        }
        state.awaitAfter(cursor, 20);
      }
    }

    private boolean live() {
      long now = state.lastIndex();
      List<FakeState.Change> changes = state.timeline(user, cursor);
      for (FakeState.Change change : changes) {
        if (mode == Mode.SILENT) {
          return false;
        }
        send(post(change).build());
        if (repeatsEvents) {
          send(post(change).build());
        }
        cursor = change.index();
      }
      cursor = Math.max(cursor, changes.isEmpty() ? now : cursor);
      return !changes.isEmpty();
    }

    private void send(StreamEvent event) {
      if (cutAfter > 0 && sent++ == cutAfter) {
        throw Status.UNAVAILABLE.withDescription("cut").asRuntimeException();
      }
      call.onNext(event);
    }

    private StreamEvent end() {
      return StreamEvent.newBuilder()
          .setBacklogEnd(BacklogEnd.getDefaultInstance())
          .setCursor(cursor)
          .build();
    }

    private static StreamEvent.Builder post(FakeState.Change change) {
      return StreamEvent.newBuilder().setPost(change.post()).setCursor(change.index());
    }
  }
}
