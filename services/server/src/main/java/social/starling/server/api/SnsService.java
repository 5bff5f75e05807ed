package social.starling.server.api;

import io.grpc.Context;
import io.grpc.MethodDescriptor;
import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.IntToLongFunction;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import social.starling.common.Errors;
import social.starling.common.Identity;
import social.starling.common.Limits;
import social.starling.common.Slots;
import social.starling.proto.coordinator.v1.Members;
import social.starling.proto.journal.v1.Answer;
import social.starling.proto.journal.v1.Delete;
import social.starling.proto.journal.v1.Follow;
import social.starling.proto.journal.v1.Login;
import social.starling.proto.journal.v1.Request;
import social.starling.proto.journal.v1.Unfollow;
import social.starling.proto.sns.v1.AttendEvent;
import social.starling.proto.sns.v1.AttendRequest;
import social.starling.proto.sns.v1.DeleteRequest;
import social.starling.proto.sns.v1.DeleteResponse;
import social.starling.proto.sns.v1.FollowRequest;
import social.starling.proto.sns.v1.FollowResponse;
import social.starling.proto.sns.v1.GetPostsRequest;
import social.starling.proto.sns.v1.GetPostsResponse;
import social.starling.proto.sns.v1.GetTimelineRequest;
import social.starling.proto.sns.v1.GetTimelineResponse;
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
import social.starling.proto.sns.v1.WriteId;
import social.starling.replication.RequestId;
import social.starling.replication.Role;
import social.starling.server.member.Failures;
import social.starling.server.member.Member;
import social.starling.server.state.DamagedException;
import social.starling.server.state.State;
import social.starling.server.storage.StorageException;

/**
 * The service that users call. What users do most never blocks ({@link #neverBlocks}): the
 * network's thread begins it, and whoever has the answer gives it. Other calls run on a virtual
 * thread of their own and may block.
 */
public final class SnsService extends SnsGrpc.SnsImplBase {

  private static final int MAX_PAGE = 200;
  private static final int DEFAULT_PAGE = 20;
  private static final int MAX_NAMES = 1_000;
  private static final int DEFAULT_NAMES = 200;
  private static final long ATTEND_SECONDS = 2;

  /**
   * A page that the network's thread may make itself, if it is of the newest posts, whose texts are
   * likely in memory; a longer one would hold up its other calls.
   */
  private static final int SHORT_PAGE = 50;

  private static final Set<String> NEVER_BLOCKS =
      Stream.of(
              SnsGrpc.getLoginMethod(),
              SnsGrpc.getFollowMethod(),
              SnsGrpc.getUnfollowMethod(),
              SnsGrpc.getPostMethod(),
              SnsGrpc.getDeleteMethod(),
              SnsGrpc.getGetTimelineMethod())
          .map(MethodDescriptor::getFullMethodName)
          .collect(Collectors.toSet());

  private final Member member;
  private final LiveStreams streams;
  private final Presence presence;
  private final WritesUnderWay underWay = new WritesUnderWay();
  private final IntToLongFunction positions;
  private final ScheduledExecutorService scheduler;

  /**
   * @param positions up to which entry of another cluster's journal this one has what it needs, by
   *     the cluster's number
   * @param scheduler for small periodic work; not closed here
   */
  public SnsService(
      Member member,
      LiveStreams streams,
      Presence presence,
      IntToLongFunction positions,
      ScheduledExecutorService scheduler) {
    this.member = member;
    this.streams = streams;
    this.presence = presence;
    this.positions = positions;
    this.scheduler = scheduler;
  }

  /** Whether the handler of a method leaves the thread that calls it at once, always. */
  public static boolean neverBlocks(MethodDescriptor<?, ?> method) {
    return NEVER_BLOCKS.contains(method.getFullMethodName());
  }

  // ---------------------------------------------------------------- writes

  @Override
  public void login(LoginRequest in, StreamObserver<LoginResponse> out) {
    write(
        out,
        in.getWrite(),
        request -> request.setLogin(Login.getDefaultInstance()),
        answer ->
            LoginResponse.newBuilder()
                .setUser(answer.getUser())
                .setCreated(answer.getCreated())
                .setCluster(member.members().getCluster())
                .setCursor(member.state().appliedIndex())
                .build());
  }

  @Override
  public void follow(FollowRequest in, StreamObserver<FollowResponse> out) {
    write(
        out,
        in.getWrite(),
        request -> {
          String name = Limits.checkName(in.getName());
          return request.setFollow(Follow.newBuilder().setName(name).setPosition(position(name)));
        },
        answer -> FollowResponse.getDefaultInstance());
  }

  /**
   * From where on the posts of an author of another cluster are missing here. Taken before the
   * follow is submitted, so that none of later is left out.
   */
  private long position(String author) {
    OptionalInt home = member.state().home(author);
    return home.isPresent() && home.getAsInt() != State.LOCAL
        ? positions.applyAsLong(home.getAsInt())
        : 0;
  }

  @Override
  public void unfollow(UnfollowRequest in, StreamObserver<UnfollowResponse> out) {
    write(
        out,
        in.getWrite(),
        request ->
            request.setUnfollow(Unfollow.newBuilder().setName(Limits.checkName(in.getName()))),
        answer -> UnfollowResponse.getDefaultInstance());
  }

  @Override
  public void post(PostRequest in, StreamObserver<PostResponse> out) {
    String user = user();
    write(
        out,
        in.getWrite(),
        request -> {
          Limits.checkText(in.getText());
          return request.setPost(
              social.starling.proto.journal.v1.Post.newBuilder().setTextBytes(in.getTextBytes()));
        },
        answer ->
            PostResponse.newBuilder()
                .setPost(
                    Post.newBuilder()
                        .setId(answer.getPostId())
                        .setAuthor(member.state().registered(user).orElse(user))
                        .setTextBytes(in.getTextBytes())
                        .setTimeMillis(answer.getTimeMillis()))
                .build());
  }

  @Override
  public void delete(DeleteRequest in, StreamObserver<DeleteResponse> out) {
    write(
        out,
        in.getWrite(),
        request -> request.setDelete(Delete.newBuilder().setId(in.getId())),
        answer -> DeleteResponse.getDefaultInstance());
  }

  /**
   * Writes without a thread that waits, but where it is not known yet whether this member serves,
   * or whose the user is.
   *
   * @param body completes the request, or refuses it
   */
  private <T> void write(
      StreamObserver<T> out,
      WriteId id,
      UnaryOperator<Request.Builder> body,
      Function<Answer, T> response) {
    Reply<T> reply = new Reply<>(out);
    reply.guard(() -> {
      String user = user();
      Request request =
          body.apply(Request.newBuilder().setUser(user).setConfirmed(id.getConfirmed())).build();
      Limits.checkWriteId(id);
      RequestId name = new RequestId(id.getClient(), id.getSequence());
      Reply.Call<T> waiting = () -> response.apply(writeAndWait(user, name, request));
      if (!isLocal(member.state().home(user))) {
        reply.later(waiting);
        return;
      }
      underWay.begin(user);
      Optional<CompletableFuture<Answer>> written;
      try {
        written = member.writeNow(name, request);
      } catch (Throwable e) {
        underWay.end(user);
        throw e;
      }
      if (written.isEmpty()) {
        underWay.end(user);
        reply.later(waiting);
        return;
      }
      written
          .get()
          .whenComplete((answer, failure) -> {
            underWay.end(user);
            if (failure == null) {
              reply.give(() -> response.apply(Answers.orThrow(answer)));
            } else if (member.isWorthWaiting(failure)) {
              reply.later(waiting);
            } else {
              reply.fail(failure);
            }
          });
    });
  }

  private Answer writeAndWait(String user, RequestId name, Request request)
      throws InterruptedException {
    checkHome(user);
    underWay.begin(user);
    try {
      return Answers.orThrow(member.write(name, request));
    } finally {
      underWay.end(user);
    }
  }

  // ---------------------------------------------------------------- reads

  @Override
  public void listUsers(ListUsersRequest in, StreamObserver<ListUsersResponse> out) {
    answer(
        out,
        () -> {
          Names names =
              names(in.getLimit(), in.getAfter(), (after, n) -> member.state().users(after, n));
          ListUsersResponse.Builder response = ListUsersResponse.newBuilder();
          for (String name : names.list()) {
            response.addUsers(User.newBuilder().setName(name).setActive(presence.isActive(name)));
          }
          return response.setNext(names.next()).build();
        });
  }

  @Override
  public void listFollowers(ListFollowersRequest in, StreamObserver<ListFollowersResponse> out) {
    answer(
        out,
        () -> {
          String user = user();
          Names names =
              names(
                  in.getLimit(),
                  in.getAfter(),
                  (after, n) -> known(user, member.state().followers(user, after, n)));
          return ListFollowersResponse.newBuilder()
              .addAllNames(names.list())
              .setNext(names.next())
              .build();
        });
  }

  @Override
  public void listFollowing(ListFollowingRequest in, StreamObserver<ListFollowingResponse> out) {
    answer(
        out,
        () -> {
          String user = user();
          Names names =
              names(
                  in.getLimit(),
                  in.getAfter(),
                  (after, n) -> known(user, member.state().following(user, after, n)));
          return ListFollowingResponse.newBuilder()
              .addAllNames(names.list())
              .setNext(names.next())
              .build();
        });
  }

  private static <T> T known(String user, Optional<T> found) {
    return found.orElseThrow(
        () -> Errors.of(Code.NOT_FOUND, Reason.USER_UNKNOWN, user + " is not a user"));
  }

  /** A page of names, and after which name the next one begins; empty: there is none. */
  private record Names(List<String> list, String next) {}

  private Names names(int limit, String after, BiFunction<String, Integer, List<String>> reader)
      throws InterruptedException {
    checkHome(user());
    if (!after.isEmpty()) {
      Limits.checkName(after);
    }
    int bounded = bounded(limit, DEFAULT_NAMES, MAX_NAMES, "limit");
    List<String> found = member.read(() -> reader.apply(after, bounded));
    return new Names(found, found.size() < bounded ? "" : found.getLast());
  }

  @Override
  public void getPosts(GetPostsRequest in, StreamObserver<GetPostsResponse> out) {
    answer(
        out,
        () -> {
          String author = Limits.checkName(in.getAuthor());
          checkHome(author); // All posts of an author are there, and nowhere else.
          Page page = in.getPage();
          int limit = bounded(page.getLimit(), DEFAULT_PAGE, MAX_PAGE, "page.limit");
          List<Post> found =
              member.read(() ->
                  known(
                      author,
                      member.state().posts(author, page.getMaxId(), page.getSinceId(), limit)));
          return GetPostsResponse.newBuilder().addAllPosts(found).build();
        });
  }

  @Override
  public void getTimeline(GetTimelineRequest in, StreamObserver<GetTimelineResponse> out) {
    Reply<GetTimelineResponse> reply = new Reply<>(out);
    reply.guard(() -> {
      String user = user();
      Page page = in.getPage();
      int limit = bounded(page.getLimit(), DEFAULT_PAGE, MAX_PAGE, "page.limit");
      boolean isShort = limit <= SHORT_PAGE && page.getMaxId() == 0;
      Optional<State.Timeline> found =
          isShort && isLocal(member.state().home(user))
              ? member.readNow(() -> member.state().newestInMemory(user, page.getSinceId(), limit))
              : Optional.empty();
      if (found.isPresent()) {
        reply.give(() -> response(found.get()));
      } else {
        reply.later(() -> {
          checkHome(user);
          return response(
              member.read(() ->
                  known(
                      user,
                      member.state().timeline(user, page.getMaxId(), page.getSinceId(), limit))));
        });
      }
    });
  }

  private static GetTimelineResponse response(State.Timeline found) {
    return GetTimelineResponse.newBuilder()
        .addAllPosts(found.posts())
        .setCursor(found.cursor())
        .build();
  }

  // ---------------------------------------------------------------- streams

  @Override
  public void stream(StreamRequest in, StreamObserver<StreamEvent> out) {
    ServerCallStreamObserver<StreamEvent> call = (ServerCallStreamObserver<StreamEvent>) out;
    try {
      String user = user();
      checkHome(user);
      if (in.getBacklog() < 0 || in.getBacklog() > MAX_PAGE) {
        throw invalid("backlog is " + Integer.toUnsignedString(in.getBacklog()) + "; 0 to 200 are");
      }
      TimelineStream stream =
          new TimelineStream(
              user,
              in.hasCursor() ? OptionalLong.of(in.getCursor()) : OptionalLong.empty(),
              in.getBacklog(),
              member,
              call);
      Runnable wake = stream::wake;
      beginSession(user, wake);
      call.setOnCancelHandler(wake);
      call.setOnReadyHandler(wake);
      // Not on the handler's thread, which must hear of readiness and cancellation.
      Context context = Context.current();
      Thread.ofVirtual()
          .name("stream-" + user)
          .start(() -> {
            try {
              context.run(() -> guarded(call, stream));
            } finally {
              streams.end(wake);
              presence.end(user);
            }
          });
    } catch (StatusRuntimeException e) {
      out.onError(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      out.onError(member.notServing(member.serving()));
    }
  }

  private static void guarded(ServerCallStreamObserver<StreamEvent> call, Runnable stream) {
    try {
      stream.run();
    } catch (DamagedException e) {
      call.onError(Failures.of(e));
    } catch (StorageException e) {
      call.onError(Failures.of(e));
    }
  }

  @Override
  public void attend(AttendRequest in, StreamObserver<AttendEvent> out) {
    ServerCallStreamObserver<AttendEvent> call = (ServerCallStreamObserver<AttendEvent>) out;
    String user = user();
    try {
      checkHome(user);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw member.notServing(member.serving());
    }
    Attendance attendance = new Attendance(call, user);
    call.setOnCancelHandler(attendance::over);
    call.setOnCloseHandler(attendance::over);
    attendance.begin();
  }

  /** One session that is held open. Its beats come from the scheduler and from changes of role. */
  private final class Attendance {
    private final ServerCallStreamObserver<AttendEvent> call;
    private final String user;
    private final AtomicBoolean over = new AtomicBoolean();
    private final Runnable hurry = this::hurry;
    private ScheduledFuture<?> beats;

    Attendance(ServerCallStreamObserver<AttendEvent> call, String user) {
      this.call = call;
      this.user = user;
    }

    void begin() {
      beginSession(user, hurry);
      synchronized (call) {
        beats = scheduler.scheduleWithFixedDelay(this::beat, 0, ATTEND_SECONDS, TimeUnit.SECONDS);
      }
    }

    private void hurry() {
      try {
        scheduler.execute(this::beat);
      } catch (RejectedExecutionException e) {
        // This process stops, and the port ends the call.
      }
    }

    private void beat() {
      synchronized (call) {
        if (over.get() || call.isCancelled()) {
          return;
        }
        var serving = member.serving();
        if (serving.role() != Role.OPEN) {
          over();
          call.onError(member.notServing(serving));
        } else if (call.isReady()) {
          call.onNext(AttendEvent.getDefaultInstance());
        }
      }
    }

    void over() {
      synchronized (call) {
        if (over.compareAndSet(false, true) && beats != null) {
          beats.cancel(false);
          streams.end(hurry);
          presence.end(user);
        }
      }
    }
  }

  private void beginSession(String user, Runnable wake) {
    if (!streams.begin(wake)) {
      throw tooMany();
    }
    if (!presence.begin(user)) {
      streams.end(wake);
      throw Errors.of(
          Code.RESOURCE_EXHAUSTED,
          Reason.OVERLOADED,
          "%s has %d sessions open here already; end some".formatted(user, Presence.MAX_PER_USER));
    }
  }

  private static StatusRuntimeException tooMany() {
    return Errors.of(
        Code.RESOURCE_EXHAUSTED,
        Reason.OVERLOADED,
        "too many live streams are open here; try again later");
  }

  // ---------------------------------------------------------------- checks

  /** Established by the interceptor: see {@link Identity}. */
  private static String user() {
    return Identity.USER.get();
  }

  /**
   * Whether a user lives here, or may come to.
   *
   * @throws StatusRuntimeException WRONG_CLUSTER, WAITING_FOR_CLUSTERS, or that this member does
   *     not serve
   */
  private void checkHome(String name) throws InterruptedException {
    if (isLocal(member.state().home(name))) {
      return; // Users stay where they are.
    }
    // A member that is behind knows less than all users: it says where it stands, not "no".
    member.read(() -> {
      State state = member.state();
      OptionalInt home = state.home(name);
      if (!isLocal(home) && (home.isPresent() || !takes(state, Slots.of(name)))) {
        throw Errors.of(
            Code.FAILED_PRECONDITION,
            Reason.WRONG_CLUSTER,
            name + " does not live in " + member.members().getCluster() + "; ask a router where");
      }
      return home;
    });
  }

  private static boolean isLocal(OptionalInt home) {
    return home.isPresent() && home.getAsInt() == State.LOCAL;
  }

  /** Whether new names in a slot are this cluster's: see {@code OwnSlots}. */
  private boolean takes(State state, int slot) {
    if (state.slotsVersion() > 0) {
      return state.ownsSlot(slot);
    }
    // What is told now is journaled before any write that is let through here.
    Members told = member.members();
    if (told.getSlotsCount() == 0) {
      throw Errors.of(
          Code.UNAVAILABLE,
          Reason.WAITING_FOR_CLUSTERS,
          "the slots are not dealt out yet: more clusters are expected");
    }
    return told.getSlotsList().stream()
        .anyMatch(range -> slot >= range.getFrom() && slot < range.getTo());
  }

  private static int bounded(int given, int otherwise, int max, String name) {
    if (given == 0) {
      return otherwise;
    }
    if (given < 0 || given > max) {
      throw invalid(
          "%s is %s; 1 to %,d can be asked at once"
              .formatted(name, Integer.toUnsignedString(given), max));
    }
    return given;
  }

  private static StatusRuntimeException invalid(String sentence) {
    return Errors.of(Code.INVALID_ARGUMENT, Reason.INVALID_REQUEST, sentence);
  }

  private static <T> void answer(StreamObserver<T> out, Reply.Call<T> call) {
    new Reply<>(out).give(call);
  }
}
