package social.starling.server.member;

import static org.awaitility.Awaitility.await;

import io.grpc.StatusRuntimeException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.IntStream;
import social.starling.common.Credential;
import social.starling.common.Slots;
import social.starling.proto.coordinator.v1.SlotRange;
import social.starling.proto.sns.v1.DeleteRequest;
import social.starling.proto.sns.v1.FollowRequest;
import social.starling.proto.sns.v1.GetPostsRequest;
import social.starling.proto.sns.v1.GetTimelineRequest;
import social.starling.proto.sns.v1.LoginRequest;
import social.starling.proto.sns.v1.Page;
import social.starling.proto.sns.v1.Post;
import social.starling.proto.sns.v1.PostRequest;
import social.starling.proto.sns.v1.SnsGrpc;
import social.starling.proto.sns.v1.UnfollowRequest;
import social.starling.proto.sns.v1.WriteId;

/** Both members of a cluster and a coordinator, in this process. */
final class Pair implements AutoCloseable {

  static final Duration SOON = Duration.ofSeconds(20);

  final String cluster;
  final int number;
  final Credential credential;
  final TestCoordinator coordinator;
  final List<Node> nodes = new ArrayList<>();
  private final Path directory;
  private final Writer writer = new Writer();

  /** Numbers the writes of one client. */
  static final class Writer {
    private final String client =
        "%013d-%s".formatted(System.currentTimeMillis(), UUID.randomUUID());
    private long sequence;

    synchronized WriteId next() {
      sequence++;
      return WriteId.newBuilder()
          .setClient(client)
          .setSequence(sequence)
          .setConfirmed(sequence - 1)
          .build();
    }
  }

  /** Alpha, which owns all slots. */
  Pair(Path directory) throws Exception {
    this(directory, "alpha", 1, TestCoordinator.slots(0, Slots.COUNT));
  }

  Pair(Path directory, String cluster, int number, List<SlotRange> slots) throws Exception {
    this.directory = directory;
    this.cluster = cluster;
    this.number = number;
    Path file = directory.resolve("credential");
    Files.writeString(file, "a-credential-for-tests-only-0123456789\n");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
    credential = Credential.read(file);
    coordinator = new TestCoordinator(credential, cluster, number, slots);
  }

  /** Starts both members and waits until both are in sync. */
  Pair started() {
    start(1);
    awaitServing(1);
    start(2);
    awaitInSync();
    return this;
  }

  Node start(int serial) {
    return start(serial, Node.Choice.normal());
  }

  Node start(int serial, Node.Choice choice) {
    Node node =
        new Node(
            cluster,
            cluster + "-" + serial,
            volume(serial),
            coordinator.address(),
            credential,
            choice);
    nodes.removeIf(each -> each.name.equals(node.name));
    nodes.add(node);
    return node;
  }

  Path volume(int serial) {
    return directory.resolve(cluster + "-" + serial);
  }

  Node node(int serial) {
    return nodes.stream()
        .filter(each -> each.name.endsWith("-" + serial))
        .findFirst()
        .orElseThrow();
  }

  Node master() {
    await().atMost(SOON).pollInterval(Duration.ofMillis(5)).until(() -> serving() != null);
    return serving();
  }

  /** The member that serves now, or null. */
  Node serving() {
    return nodes.stream().filter(Node::serves).findFirst().orElse(null);
  }

  void awaitServing(int serial) {
    await().atMost(SOON).pollInterval(Duration.ofMillis(5)).until(() -> node(serial).serves());
  }

  void awaitInSync() {
    await()
        .atMost(SOON)
        .pollInterval(Duration.ofMillis(5))
        .until(() -> {
          Node master = serving();
          return coordinator.current().getInSyncCount() == 2
              && master != null
              && !master.member.serving().alone()
              && master.member.serving().epoch() == coordinator.current().getEpoch();
        });
  }

  /** A name whose slot is among these, 0 to 1,023. */
  static String nameIn(List<SlotRange> slots, String prefix) {
    return IntStream.range(0, 100_000)
        .mapToObj(i -> prefix + i)
        .filter(name ->
            slots.stream()
                .anyMatch(
                    range -> Slots.of(name) >= range.getFrom() && Slots.of(name) < range.getTo()))
        .findFirst()
        .orElseThrow();
  }

  void follow(String user, String author) {
    WriteId write = nextWrite();
    call(
        user,
        stub -> stub.follow(FollowRequest.newBuilder().setWrite(write).setName(author).build()));
  }

  void unfollow(String user, String author) {
    WriteId write = nextWrite();
    call(
        user,
        stub ->
            stub.unfollow(UnfollowRequest.newBuilder().setWrite(write).setName(author).build()));
  }

  void delete(String user, long id) {
    WriteId write = nextWrite();
    call(user, stub -> stub.delete(DeleteRequest.newBuilder().setWrite(write).setId(id).build()));
  }

  WriteId nextWrite() {
    return writer.next();
  }

  void login(String user) {
    WriteId write = nextWrite();
    call(user, stub -> stub.login(LoginRequest.newBuilder().setWrite(write).build()));
  }

  Post post(String user, String text) {
    return post(user, text, nextWrite());
  }

  /** Repeats until a member answers, as clients do. */
  Post post(String user, String text, WriteId write) {
    return call(
            user, stub -> stub.post(PostRequest.newBuilder().setWrite(write).setText(text).build()))
        .getPost();
  }

  /** The newest 200 of a user's timeline, oldest first. */
  List<String> timeline(String user) {
    return call(
            user,
            stub ->
                stub.getTimeline(
                    GetTimelineRequest.newBuilder()
                        .setPage(Page.newBuilder().setLimit(200))
                        .build()))
        .getPostsList()
        .reversed()
        .stream()
        .map(Post::getText)
        .toList();
  }

  List<String> texts(String author) {
    return call(
            author,
            stub ->
                stub.getPosts(
                    GetPostsRequest.newBuilder()
                        .setAuthor(author)
                        .setPage(Page.newBuilder().setLimit(200))
                        .build()))
        .getPostsList()
        .reversed()
        .stream()
        .map(Post::getText)
        .toList();
  }

  <T> T call(String user, Function<SnsGrpc.SnsBlockingStub, T> call) {
    long deadline = System.nanoTime() + SOON.toNanos();
    StatusRuntimeException last = null;
    while (System.nanoTime() - deadline < 0) {
      for (Node node : List.copyOf(nodes)) {
        try {
          return call.apply(node.as(user).withDeadlineAfter(1, TimeUnit.SECONDS));
        } catch (StatusRuntimeException e) {
          if (e.getStatus().getCode() == io.grpc.Status.Code.INVALID_ARGUMENT
              || e.getStatus().getCode() == io.grpc.Status.Code.NOT_FOUND) {
            throw e;
          }
          last = e;
        }
      }
      Thread.yield();
    }
    throw new AssertionError("no member answered in time", last);
  }

  @Override
  public void close() {
    try {
      for (Node node : nodes) {
        node.kill();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    coordinator.close();
  }
}
