package social.starling.server.member;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.grpc.StatusRuntimeException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import social.starling.common.Errors;
import social.starling.proto.coordinator.v1.InSyncMember;
import social.starling.proto.journal.v1.Request;
import social.starling.proto.sns.v1.Post;
import social.starling.proto.sns.v1.PostRequest;
import social.starling.proto.sns.v1.Reason;
import social.starling.proto.sns.v1.WriteId;
import social.starling.replication.Entry;
import social.starling.replication.Status;

@Timeout(60)
class FailoverTest {

  @TempDir Path directory;

  @Test
  void whatWasAcknowledgedIsReadAfterTheMasterDied() throws Exception {
    try (Pair pair = new Pair(directory).started()) {
      pair.login("alice");
      WriteId write = pair.nextWrite();
      Post first = pair.post("alice", "one", write);

      Node dead = pair.master();
      assertThat(dead.name).isEqualTo("alpha-1");
      dead.kill();

      assertThat(pair.post("alice", "one", write)).isEqualTo(first);
      pair.post("alice", "two");
      assertThat(pair.texts("alice")).containsExactly("one", "two");
      assertThat(pair.master().name).isEqualTo("alpha-2");

      pair.start(1);
      pair.awaitInSync();
      assertThat(pair.node(1).volume.journalState().volume()).isEqualTo(inSync(pair, 1));
      pair.node(2).kill();
      pair.post("alice", "three");
      assertThat(pair.texts("alice")).containsExactly("one", "two", "three");
      assertThat(pair.master().name).isEqualTo("alpha-1");
    }
  }

  @Test
  void aSequenceThatIsUsedAgainForAnotherPostIsRefused() throws Exception {
    try (Pair pair = new Pair(directory)) {
      pair.start(1);
      pair.login("alice");
      WriteId write = pair.nextWrite();
      pair.post("alice", "one", write);

      assertThatThrownBy(() -> pair.post("alice", "another", write))
          .satisfies(e -> assertThat(Errors.reason(e)).contains(Reason.SEQUENCE_REUSED));
      assertThat(pair.texts("alice")).containsExactly("one");
    }
  }

  @Test
  void theSlaveSendsCallersToTheMaster() throws Exception {
    try (Pair pair = new Pair(directory).started()) {
      pair.login("alice");

      assertThatThrownBy(() ->
              pair.node(2)
                  .as("alice")
                  .post(PostRequest.newBuilder().setWrite(pair.nextWrite()).setText("x").build()))
          .isInstanceOf(StatusRuntimeException.class)
          .satisfies(e -> {
            assertThat(Errors.reason(e)).contains(Reason.NOT_MASTER);
            assertThat(Errors.metadata(e))
                .containsEntry("master", "127.0.0.1:" + pair.node(1).users.port());
          });
    }
  }

  @Test
  void aHandoverUnderLoadFailsNoCall() throws Exception {
    try (Pair pair = new Pair(directory).started()) {
      pair.login("alice");
      List<String> acknowledged = new ArrayList<>();
      Thread writer =
          Thread.ofVirtual()
              .start(() -> {
                for (int i = 0; i < 60; i++) {
                  pair.post("alice", "post " + i);
                  acknowledged.add("post " + i);
                  if (i == 20 || i == 40) {
                    // Beside the posts, as an operator would.
                    Thread.ofVirtual().start(() -> handOver(pair));
                  }
                }
              });
      assertThat(writer.join(Duration.ofSeconds(30))).isTrue();

      assertThat(acknowledged).hasSize(60);
      assertThat(pair.texts("alice")).isEqualTo(acknowledged);
      assertThat(pair.coordinator.current().getEpoch()).isGreaterThanOrEqualTo(4);
    }
  }

  private static void handOver(Pair pair) {
    try {
      pair.master().member.handover(Duration.ofSeconds(2));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void aMasterThatEndsHandsOverAndLeavesWithinSeconds() throws Exception {
    try (Pair pair = new Pair(directory).started()) {
      pair.login("alice");
      pair.post("alice", "one");

      assertThat(timeToEnd(pair.node(1))).isLessThan(Duration.ofSeconds(5));

      pair.nodes.removeIf(each -> each.name.equals("alpha-1"));
      assertThat(pair.texts("alice")).containsExactly("one");
      assertThat(pair.coordinator.current().getMaster()).isEqualTo("alpha-2");
      await().atMost(Pair.SOON).until(() -> pair.coordinator.current().getInSyncCount() == 1);
    }
  }

  @Test
  void aMasterEndsInTimeThoughTheCoordinatorSaysNothing() throws Exception {
    try (Pair pair = new Pair(directory).started()) {
      pair.coordinator.silent(true);

      assertThat(timeToEnd(pair.node(1))).isLessThan(Duration.ofSeconds(5));
      pair.nodes.removeIf(each -> each.name.equals("alpha-1"));
    }
  }

  @Test
  void aMasterEndsInTimeThoughItsDiskHangs() throws Exception {
    ControlledDisk disk = new ControlledDisk();
    try (Pair pair = new Pair(directory)) {
      pair.start(1, Node.Choice.normal().on(disk));
      pair.awaitServing(1);
      pair.start(2);
      pair.awaitInSync();
      pair.login("alice");
      disk.hang();
      Thread writing = Thread.ofVirtual().start(() -> pair.post("alice", "one"));

      assertThat(timeToEnd(pair.node(1))).isLessThan(Duration.ofSeconds(5));

      pair.nodes.removeIf(each -> each.name.equals("alpha-1"));
      assertThat(writing.join(Pair.SOON)).isTrue();
      assertThat(pair.texts("alice")).containsExactly("one");
      disk.goOn();
    }
  }

  /** Nobody could follow it otherwise: its volume may be on a node that was drained. */
  @Test
  void aMasterThatEndsLeavesASlaveInTheSetThatIsSlowForAMoment() throws Exception {
    ControlledDisk disk = new ControlledDisk();
    try (Pair pair = new Pair(directory)) {
      pair.start(1);
      pair.awaitServing(1);
      pair.start(2, Node.Choice.normal().on(disk));
      pair.awaitInSync();
      pair.login("alice");
      disk.hang();
      Thread writing = Thread.ofVirtual().start(() -> pair.post("alice", "one"));
      await()
          .atMost(Pair.SOON)
          .until(() -> {
            Status seen = pair.node(1).member.status();
            return seen.lastIndex() > seen.commitIndex();
          });

      assertThat(timeToEnd(pair.node(1))).isLessThan(Duration.ofSeconds(5));

      pair.nodes.removeIf(each -> each.name.equals("alpha-1"));
      assertThat(pair.coordinator.current().getInSyncList())
          .extracting(InSyncMember::getMember)
          .contains("alpha-2");
      disk.goOn();
      assertThat(writing.join(Pair.SOON)).isTrue();
      assertThat(pair.texts("alice")).containsExactly("one");
    }
  }

  private static Duration timeToEnd(Node node) throws InterruptedException {
    long began = System.nanoTime();
    node.terminate();
    return Duration.ofNanos(System.nanoTime() - began);
  }

  @Test
  void anOpenMasterLetsOldAnswersExpire() throws Exception {
    try (Pair pair = new Pair(directory)) {
      Node node = pair.start(1, Node.Choice.normal().retaining(Duration.ofMillis(2_400)));

      await().atMost(Pair.SOON).until(() -> node.member.state().appliedIndex() == 2);
      List<Request.BodyCase> journaled = new ArrayList<>();
      for (Entry entry : node.volume.read(1, 2, 1 << 20)) {
        journaled.add(Request.parseFrom(entry.request()).getBodyCase());
      }
      assertThat(journaled)
          .containsExactly(Request.BodyCase.OWN_SLOTS, Request.BodyCase.EXPIRE_ANSWERS);
    }
  }

  @Test
  void aClockThatHasJustBeenLookedAtLetsNothingExpire() throws Exception {
    try (Pair pair = new Pair(directory)) {
      Node node = pair.start(1);
      pair.awaitServing(1);

      // The slots are taken, and nothing else happens.
      await()
          .during(Duration.ofSeconds(1))
          .atMost(Pair.SOON)
          .until(() -> node.member.state().appliedIndex() == 1);
    }
  }

  @Test
  void aMemberThatNobodyEverIntroducedEndsAtOnce() throws Exception {
    try (Pair pair = new Pair(directory)) {
      pair.coordinator.silent(true);
      Node node = pair.start(1);

      assertThat(timeToEnd(node)).isLessThan(Duration.ofSeconds(4));
      pair.nodes.clear();
    }
  }

  @Test
  void aSilentCoordinatorStopsNothingAndIsNotFlooded() throws Exception {
    try (Pair pair = new Pair(directory).started()) {
      pair.login("alice");
      pair.coordinator.silent(true);
      int before = pair.coordinator.asked();

      pair.node(2).kill();
      pair.nodes.removeIf(each -> each.name.equals("alpha-2"));
      // The master wants to shrink, and asks until it is answered.
      await().atMost(Pair.SOON).until(() -> pair.coordinator.asked() > before);
      await().during(Duration.ofSeconds(1)).until(() -> pair.coordinator.asked() - before <= 4);

      pair.coordinator.silent(false);
      pair.post("alice", "one");
      assertThat(pair.coordinator.current().getInSyncCount()).isEqualTo(1);
    }
  }

  private static String inSync(Pair pair, int serial) {
    return pair.coordinator.current().getInSyncList().stream()
        .filter(each -> each.getMember().equals("alpha-" + serial))
        .findFirst()
        .orElseThrow()
        .getVolume();
  }
}
