package social.starling.server.member;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import social.starling.common.Errors;
import social.starling.proto.sns.v1.GetPostsRequest;
import social.starling.proto.sns.v1.PostRequest;
import social.starling.proto.sns.v1.Reason;
import social.starling.proto.sns.v1.WriteId;
import social.starling.server.storage.Disk;

@Timeout(60)
class OneCopyTest {

  private static final Node.Choice BOTH = new Node.Choice(Disk.local(), 2, 64L << 20);

  @TempDir Path directory;

  @Test
  void withMinInSync2WritesWaitForTheOtherCopyAndReadsGoOn() throws Exception {
    try (Pair pair = new Pair(directory)) {
      pair.start(1, BOTH);
      pair.awaitServing(1);
      refusesToPost(pair, pair.nextWrite());

      pair.start(2, BOTH);
      pair.awaitInSync();
      pair.login("alice");
      WriteId write = pair.nextWrite();
      pair.post("alice", "one", write);

      pair.node(2).kill();
      pair.nodes.removeIf(each -> each.name.equals("alpha-2"));
      // The one that finds out may or may not have been written: its repeat tells.
      WriteId undecided = pair.nextWrite();
      assertThatThrownBy(() -> at(pair, "two", undecided))
          .satisfies(e ->
              assertThat(Errors.reason(e))
                  .hasValueSatisfying(r ->
                      assertThat(r)
                          .isIn(Reason.ONE_COPY_ONLY, Reason.UNKNOWN_OUTCOME, Reason.NOT_READY)));
      refusesToPost(pair, pair.nextWrite());
      assertThat(
              pair.node(1)
                  .as("alice")
                  .getPosts(GetPostsRequest.newBuilder().setAuthor("alice").build())
                  .getPostsList())
          .isNotEmpty();

      pair.start(2, BOTH);
      pair.awaitInSync();
      pair.post("alice", "two", undecided);
      pair.post("alice", "three");
      assertThat(pair.texts("alice")).containsExactly("one", "two", "three");
    }
  }

  /** While the epoch changes it is "try again". */
  private static void refusesToPost(Pair pair, WriteId write) {
    await()
        .untilAsserted(() ->
            assertThatThrownBy(() -> at(pair, "x", write))
                .satisfies(e -> assertThat(Errors.reason(e)).contains(Reason.ONE_COPY_ONLY)));
  }

  private static void at(Pair pair, String text, WriteId write) {
    pair.node(1).as("alice").post(PostRequest.newBuilder().setWrite(write).setText(text).build());
  }
}
