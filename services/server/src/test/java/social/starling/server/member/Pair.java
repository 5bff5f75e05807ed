package social.starling.server.member;

import static org.awaitility.Awaitility.await;

import io.grpc.StatusRuntimeException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import social.starling.common.Credential;
import social.starling.proto.sns.v1.GetPostsRequest;
import social.starling.proto.sns.v1.LoginRequest;
import social.starling.proto.sns.v1.Page;
import social.starling.proto.sns.v1.Post;
import social.starling.proto.sns.v1.PostRequest;
import social.starling.proto.sns.v1.SnsGrpc;
import social.starling.proto.sns.v1.WriteId;

/** Both members of a cluster and a coordinator, in this process. */
final class Pair implements AutoCloseable {

  static final Duration SOON = Duration.ofSeconds(20);

  final Credential credential;
  final TestCoordinator coordinator;
  final List<Node> nodes = new ArrayList<>();
  private final Path directory;
  private final Writer writer = new Writer();

  /** Numbers the writes of one client. */
  static final class Writer {
    private final String client = "%013d-abcdefghij012345".formatted(System.currentTimeMillis());
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

  Pair(Path directory) throws Exception {
    this.directory = directory;
    Path file = directory.resolve("credential");
    Files.writeString(file, "a-credential-for-tests-only-0123456789\n");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
    credential = Credential.read(file);
    coordinator = new TestCoordinator(credential);
  }

  /** Starts alpha-1 and then alpha-2, and waits until both are in sync. */
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
        new Node("alpha-" + serial, volume(serial), coordinator.address(), credential, choice);
    nodes.removeIf(each -> each.name.equals(node.name));
    nodes.add(node);
    return node;
  }

  Path volume(int serial) {
    return directory.resolve("alpha-" + serial);
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

  private Node serving() {
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
