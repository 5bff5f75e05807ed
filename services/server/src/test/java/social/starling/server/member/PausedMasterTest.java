package social.starling.server.member;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.grpc.StatusRuntimeException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import social.starling.common.Errors;
import social.starling.proto.sns.v1.FollowRequest;
import social.starling.proto.sns.v1.GetPostsRequest;
import social.starling.proto.sns.v1.Post;
import social.starling.proto.sns.v1.PostRequest;
import social.starling.proto.sns.v1.Reason;
import social.starling.proto.sns.v1.WriteId;
import social.starling.replication.Role;

@Timeout(60)
class PausedMasterTest {

  @TempDir Path directory;

  @Test
  void aMasterThatStoodStillAcknowledgesNothingAndServesNoStaleRead() throws Exception {
    try (Pair pair = new Pair(directory).started()) {
      pair.login("alice");
      pair.login("bob");
      WriteId follow = pair.nextWrite();
      pair.call(
          "bob",
          stub ->
              stub.follow(FollowRequest.newBuilder().setWrite(follow).setName("alice").build()));
      pair.post("alice", "before");
      Node paused = pair.node(1);
      CountDownLatch hold = new CountDownLatch(1);
      CountDownLatch held = new CountDownLatch(1);
      // The replica thread applies posts, and tells those who watch.
      var watch =
          paused
              .member
              .state()
              .watch(
                  "bob",
                  () -> {
                    held.countDown();
                    awaitQuietly(hold);
                  })
              .orElseThrow();
      Thread unanswered =
          Thread.ofVirtual().start(() -> assertThatThrownBy(() -> postAt(paused, pair)));
      assertThat(held.await(20, TimeUnit.SECONDS)).isTrue();

      pair.awaitServing(2);
      Post after =
          pair.node(2)
              .as("alice")
              .post(PostRequest.newBuilder().setWrite(pair.nextWrite()).setText("after").build())
              .getPost();

      // It still takes itself for the master, but knows that it does not know.
      assertThat(paused.serves()).isTrue();
      assertThatThrownBy(() -> textsAt(paused)).isInstanceOf(StatusRuntimeException.class);

      hold.countDown();
      watch.close();
      await().atMost(Pair.SOON).until(() -> paused.role() == Role.FOLLOWER);
      assertThatThrownBy(() -> textsAt(paused))
          .satisfies(e -> assertThat(Errors.reason(e)).contains(Reason.NOT_MASTER));
      unanswered.join();
      pair.awaitInSync();
      assertThat(pair.texts("alice")).startsWith("before").endsWith(after.getText());
    }
  }

  private static void postAt(Node node, Pair pair) {
    node.as("alice")
        .withDeadlineAfter(500, TimeUnit.MILLISECONDS)
        .post(PostRequest.newBuilder().setWrite(pair.nextWrite()).setText("held").build());
  }

  private static List<Post> textsAt(Node node) {
    return node.as("alice")
        .withDeadlineAfter(500, TimeUnit.MILLISECONDS)
        .getPosts(GetPostsRequest.newBuilder().setAuthor("alice").build())
        .getPostsList();
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
