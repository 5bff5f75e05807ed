package social.starling.server.member;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.Status;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import social.starling.proto.sns.v1.SnsGrpc;
import social.starling.proto.sns.v1.StreamEvent;
import social.starling.proto.sns.v1.StreamRequest;

/** Takes half a minute, for so long a reader may rest. */
@Timeout(120)
class SlowReaderTest {

  /** More than fits into the windows of a connection. */
  private static final int POSTS = 600;

  @TempDir Path directory;

  /** Reads nothing until it is told to. */
  private static final class Resting extends ClientCall.Listener<StreamEvent> {
    final List<StreamEvent> read = Collections.synchronizedList(new ArrayList<>());
    final CompletableFuture<Status> ended = new CompletableFuture<>();

    @Override
    public void onMessage(StreamEvent event) {
      read.add(event);
    }

    @Override
    public void onClose(Status status, Metadata trailers) {
      ended.complete(status);
    }
  }

  @Test
  void aStreamThatIsNotReadIsCutAndGoesOnByItsCursor() throws Exception {
    try (Pair pair = new Pair(directory)) {
      Node node = pair.start(1);
      pair.login("alice");
      pair.login("bob");
      pair.follow("alice", "bob");
      Resting reader = new Resting();
      ClientCall<StreamRequest, StreamEvent> call =
          node.channelAs("alice").newCall(SnsGrpc.getStreamMethod(), CallOptions.DEFAULT);
      call.start(reader, new Metadata());
      call.sendMessage(StreamRequest.getDefaultInstance());
      call.halfClose();
      call.request(1); // The end of the backlog.
      await().atMost(Pair.SOON).until(() -> reader.read.size() == 1);
      String text = "x".repeat(4_900);
      for (int i = 0; i < POSTS; i++) {
        pair.post("bob", i + " " + text);
      }

      // The member lets go of it, though the reader does not know yet.
      await().atMost(Duration.ofSeconds(60)).until(() -> node.streams.size() == 0);
      assertThat(reader.ended).isNotDone();
      call.request(Integer.MAX_VALUE);

      assertThat(reader.ended.get().getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
      List<String> got = new ArrayList<>();
      reader.read.stream().filter(StreamEvent::hasPost).forEach(e -> got.add(number(e)));
      assertThat(got).hasSizeLessThan(POSTS);
      Iterator<StreamEvent> rest =
          node.as("alice").stream(
              StreamRequest.newBuilder().setCursor(reader.read.getLast().getCursor()).build());
      while (got.size() < POSTS) {
        StreamEvent event = rest.next();
        if (event.hasPost()) {
          got.add(number(event));
        }
      }
      for (int i = 0; i < POSTS; i++) {
        assertThat(got.get(i)).isEqualTo(Integer.toString(i));
      }
    }
  }

  private static String number(StreamEvent event) {
    String text = event.getPost().getText();
    return text.substring(0, text.indexOf(' '));
  }
}
