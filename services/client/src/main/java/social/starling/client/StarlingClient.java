package social.starling.client;

import com.google.protobuf.Message;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import social.starling.common.Errors;
import social.starling.common.Limits;
import social.starling.proto.sns.v1.DeleteRequest;
import social.starling.proto.sns.v1.FollowRequest;
import social.starling.proto.sns.v1.GetPostsRequest;
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
import social.starling.proto.sns.v1.PostRequest;
import social.starling.proto.sns.v1.Reason;
import social.starling.proto.sns.v1.SnsGrpc;
import social.starling.proto.sns.v1.StreamRequest;
import social.starling.proto.sns.v1.UnfollowRequest;
import social.starling.proto.sns.v1.WriteId;

/**
 * One user's access to Starling. Thread-safe: many calls may be under way at once, each blocks its
 * thread (virtual threads suit it).
 *
 * <p>Every call is repeated, with the same id when it changes something, until it is answered or
 * the deadline has passed; so a failover shows as a slower call. Calls throw {@link
 * StarlingException} and nothing else once the client is open. Writes made by one thread one after
 * the other take effect in this order; writes made at the same time, in any.
 */
public final class StarlingClient implements AutoCloseable {

  private final ClientOptions options;
  private final Connections connections;
  private final boolean ownsConnections;
  private final Calls calls;
  private final WriteIds ids;
  private final Set<EventStream> streams = ConcurrentHashMap.newKeySet();
  private final Set<Attendance> attendances = ConcurrentHashMap.newKeySet();

  private StarlingClient(
      ClientOptions options, Connections connections, boolean ownsConnections, WriteIds ids) {
    this.options = options;
    this.connections = connections;
    this.ownsConnections = ownsConnections;
    RouterRoute routers = new RouterRoute(options.routers(), connections, options.deadline());
    Routing routing = options.direct() ? new DirectRouting(routers, connections) : routers;
    this.calls =
        new Calls(routing, options.user(), options.deadline(), new Outage(options.listener()));
    this.ids = ids;
  }

  /** A client; it connects at the first call. The caller closes it. */
  public static StarlingClient connect(ClientOptions options) {
    return new StarlingClient(options, new Connections(), true, newIds());
  }

  /**
   * A client of another user over the same connections, closed before this one.
   *
   * @param user who acts
   */
  public StarlingClient as(String user) {
    return new StarlingClient(options.withUser(user), connections, false, newIds());
  }

  /**
   * As {@link #as(String)}, going on with a session that the caller has kept. The same writes in
   * the same order, begun after the last one whose answer was noted, take effect once, even if an
   * earlier process of the caller was killed before it noted an answer. A session that the server
   * has forgotten fails with SESSION_EXPIRED.
   *
   * @param session from {@link #newSession}, noted before its first use
   * @param answered writes of this session whose answers were noted
   */
  public StarlingClient as(String user, String session, long answered) {
    return new StarlingClient(
        options.withUser(user),
        connections,
        false,
        new WriteIds(session, answered, InstantSource.system()));
  }

  /** A name for a session that the caller keeps. */
  public static String newSession() {
    return WriteIds.newClient(InstantSource.system(), new SecureRandom());
  }

  private static WriteIds newIds() {
    return new WriteIds(InstantSource.system(), new SecureRandom());
  }

  /** Who acts, as it was given. */
  public String user() {
    return options.user();
  }

  /** Registers the user at the first call; harmless later. */
  public Registration login() {
    LoginResponse answer =
        write(
            "the login",
            SnsGrpc.getLoginMethod(),
            id -> LoginRequest.newBuilder().setWrite(id).build());
    return new Registration(answer.getUser(), answer.getCreated(), answer.getCluster());
  }

  /**
   * Follows an author: posts made from now on come into the timeline.
   *
   * @throws StarlingException ALREADY_FOLLOWING (also: oneself), USER_UNKNOWN, INVALID_NAME
   */
  public void follow(String name) {
    checked(() -> Limits.checkName(name));
    write(
        "the follow",
        SnsGrpc.getFollowMethod(),
        id -> FollowRequest.newBuilder().setWrite(id).setName(name).build());
  }

  /**
   * Stops following an author.
   *
   * @throws StarlingException NOT_FOLLOWING, SELF, USER_UNKNOWN, INVALID_NAME
   */
  public void unfollow(String name) {
    checked(() -> Limits.checkName(name));
    write(
        "the unfollow",
        SnsGrpc.getUnfollowMethod(),
        id -> UnfollowRequest.newBuilder().setWrite(id).setName(name).build());
  }

  /**
   * Posts.
   *
   * @param text 1 to 5,000 bytes of UTF-8
   * @throws StarlingException INVALID_TEXT, before anything is sent
   */
  public Post post(String text) {
    checked(() -> Limits.checkText(text));
    return Post.of(
        write(
                "the post",
                SnsGrpc.getPostMethod(),
                id -> PostRequest.newBuilder().setWrite(id).setText(text).build())
            .getPost());
  }

  /**
   * Deletes a post of one's own.
   *
   * @throws StarlingException POST_UNKNOWN, NOT_AUTHOR
   */
  public void delete(long id) {
    write(
        "the delete",
        SnsGrpc.getDeleteMethod(),
        write -> DeleteRequest.newBuilder().setWrite(write).setId(id).build());
  }

  /**
   * All users, sorted by name ignoring case.
   *
   * @param limit 1 to 1,000
   * @param after names after this one; empty means from the first
   */
  public UserPage listUsers(int limit, String after) {
    ListUsersResponse answer =
        calls.call(
            "the list",
            SnsGrpc.getListUsersMethod(),
            ListUsersRequest.newBuilder().setLimit(limit).setAfter(after).build(),
            false);
    return new UserPage(
        answer.getUsersList().stream().map(u -> new User(u.getName(), u.getActive())).toList(),
        answer.getNext());
  }

  /**
   * Those who follow this user, sorted ignoring case.
   *
   * @param limit 1 to 1,000
   * @param after names after this one; empty means from the first
   */
  public NamePage listFollowers(int limit, String after) {
    ListFollowersResponse answer =
        calls.call(
            "the list",
            SnsGrpc.getListFollowersMethod(),
            ListFollowersRequest.newBuilder().setLimit(limit).setAfter(after).build(),
            false);
    return new NamePage(answer.getNamesList(), answer.getNext());
  }

  /**
   * Those whom this user follows, sorted ignoring case.
   *
   * @param limit 1 to 1,000
   * @param after names after this one; empty means from the first
   */
  public NamePage listFollowing(int limit, String after) {
    ListFollowingResponse answer =
        calls.call(
            "the list",
            SnsGrpc.getListFollowingMethod(),
            ListFollowingRequest.newBuilder().setLimit(limit).setAfter(after).build(),
            false);
    return new NamePage(answer.getNamesList(), answer.getNext());
  }

  /**
   * One author's posts, newest first.
   *
   * @throws StarlingException USER_UNKNOWN, INVALID_NAME
   */
  public List<Post> posts(String author, PostPage page) {
    checked(() -> Limits.checkName(author));
    return calls
        .read(
            "the reading",
            SnsGrpc.getGetPostsMethod(),
            GetPostsRequest.newBuilder().setAuthor(author).setPage(page(page)).build(),
            author)
        .getPostsList()
        .stream()
        .map(Post::of)
        .toList();
  }

  /** This user's timeline, newest first. */
  public TimelinePage timeline(PostPage page) {
    GetTimelineResponse answer =
        calls.call(
            "the reading",
            SnsGrpc.getGetTimelineMethod(),
            GetTimelineRequest.newBuilder().setPage(page(page)).build(),
            false);
    return new TimelinePage(
        answer.getPostsList().stream().map(Post::of).toList(), answer.getCursor());
  }

  /**
   * The newest posts of the timeline, oldest first, then live.
   *
   * @param backlog 0 to 200
   */
  public EventStream stream(int backlog) {
    return stream(StreamRequest.newBuilder().setBacklog(backlog).build());
  }

  /** Everything after a change, then live; the cursor is one that a page or an event carried. */
  public EventStream streamFrom(long cursor) {
    return stream(StreamRequest.newBuilder().setCursor(cursor).build());
  }

  /** Keeps the user active until the returned object, or this client, is closed. */
  public Attendance attend() {
    Attendance attendance = new Attendance(calls, attendances::remove);
    attendances.add(attendance);
    return attendance;
  }

  /** Attempts beyond the first of each call, so far. */
  public long retries() {
    return calls.retries();
  }

  /** Ends streams and calls under way, the latter with an error. */
  @Override
  public void close() {
    calls.close();
    streams.forEach(EventStream::close);
    attendances.forEach(Attendance::close);
    if (ownsConnections) {
      connections.close();
    }
  }

  private EventStream stream(StreamRequest request) {
    EventStream stream =
        new EventStream(
            request,
            calls,
            new ResumableStream.Settings(options.silence(), options.deadline()),
            streams::remove);
    streams.add(stream);
    return stream;
  }

  private <Q extends Message, A> A write(
      String what, MethodDescriptor<Q, A> method, Function<WriteId, Q> request) {
    boolean again = true;
    while (true) {
      WriteId id = next(what);
      try {
        return calls.call(what, method, request.apply(id), true);
      } catch (StarlingException e) {
        boolean expired = e.reason().filter(Reason.SESSION_EXPIRED::equals).isPresent();
        // Forgotten before the first attempt: the write did not happen.
        if (!again || !expired || e.outcomeUnknown() || !ids.expired(id)) {
          throw e;
        }
        again = false;
      } finally {
        ids.settled(id);
      }
    }
  }

  private WriteId next(String what) {
    try {
      return ids.next();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new StarlingException(
          Status.Code.CANCELLED,
          Optional.empty(),
          "the thread was interrupted before " + what + " was sent",
          Map.of(),
          false,
          e);
    }
  }

  private static void checked(Runnable check) {
    try {
      check.run();
    } catch (StatusRuntimeException e) {
      throw new StarlingException(
          e.getStatus().getCode(),
          Errors.reason(e),
          Optional.ofNullable(e.getStatus().getDescription()).orElse("invalid"),
          Errors.metadata(e),
          false,
          e);
    }
  }

  private static Page page(PostPage page) {
    return Page.newBuilder()
        .setMaxId(page.maxId())
        .setSinceId(page.sinceId())
        .setLimit(page.limit())
        .build();
  }
}
