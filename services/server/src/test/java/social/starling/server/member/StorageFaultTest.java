package social.starling.server.member;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.grpc.Status;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import social.starling.common.Errors;
import social.starling.proto.sns.v1.GetPostsRequest;
import social.starling.proto.sns.v1.Page;
import social.starling.proto.sns.v1.PostRequest;
import social.starling.proto.sns.v1.Reason;
import social.starling.proto.sns.v1.WriteId;
import social.starling.replication.Role;
import social.starling.server.storage.Disk;

@Timeout(60)
class StorageFaultTest {

  /** Its journal is trimmed as soon as may be. */
  private static final Node.Choice FORGETFUL = new Node.Choice(Disk.local(), 1, 1);

  @TempDir Path directory;

  private final ControlledDisk disk = new ControlledDisk();

  @Test
  void aMasterWhoseDiskFailsIsFollowedWithinASecond() throws Exception {
    try (Pair pair = withMasterOn(disk)) {
      pair.login("alice");
      pair.post("alice", "one");
      disk.fail();

      pair.post("alice", "two");

      assertThat(pair.master().name).isEqualTo("alpha-2");
      Member.Ending ending = pair.node(1).member.ended().get(2, TimeUnit.SECONDS);
      assertThat(ending.exitCode()).isEqualTo(4);
      assertThat(ending.why()).contains("input/output error");
      assertThat(pair.texts("alice")).containsExactly("one", "two");
    }
  }

  @Test
  void aWriteThatWaitsForADiskThatFailsIsToldThatItsOutcomeIsUnknown() throws Exception {
    try (Pair pair = new Pair(directory)) {
      pair.start(1, Node.Choice.normal().on(disk));
      pair.login("alice");
      // What a disk is asked for in between must not fail before the write is journaled.
      disk.hang();
      Member member = pair.node(1).member;
      long before = member.status().lastIndex();

      CompletableFuture<Object> answer =
          CompletableFuture.supplyAsync(() ->
              pair.node(1)
                  .as("alice")
                  .post(PostRequest.newBuilder().setWrite(pair.nextWrite()).setText("x").build()));
      await().atMost(Pair.SOON).until(() -> member.status().lastIndex() > before);
      long failed = System.nanoTime();
      disk.fail();
      disk.goOn();

      assertThatThrownBy(() -> answer.get(5, TimeUnit.SECONDS))
          .satisfies(e -> assertThat(Errors.reason(e.getCause())).contains(Reason.UNKNOWN_OUTCOME));
      assertThat(Duration.ofNanos(System.nanoTime() - failed)).isLessThan(Duration.ofSeconds(2));
      assertThat(member.ended().get(2, TimeUnit.SECONDS).exitCode()).isEqualTo(4);
    }
  }

  @Test
  void aMasterWhoseDiskHangsResigns() throws Exception {
    try (Pair pair = withMasterOn(disk)) {
      pair.login("alice");
      disk.hang();

      pair.post("alice", "one");

      assertThat(pair.master().name).isEqualTo("alpha-2");
      disk.goOn();
      await().atMost(Pair.SOON).until(() -> pair.node(1).role() == Role.FOLLOWER);
      pair.awaitInSync();
      assertThat(pair.texts("alice")).containsExactly("one");
    }
  }

  @Test
  void aFloodOfOneUserLeavesRoomForTheOthers() throws Exception {
    try (Pair pair = new Pair(directory)) {
      Node node = pair.start(1, Node.Choice.normal().on(disk));
      pair.login("alice");
      pair.login("bob");
      disk.hang();
      List<Thread> flood = new ArrayList<>();
      for (int i = 0; i < 256; i++) {
        flood.add(posting(node, "alice", firstOf("flood" + i)));
      }

      // Those of the flood wait for the disk; what comes on top is refused, whatever the case.
      await()
          .atMost(Pair.SOON)
          .untilAsserted(() ->
              assertThatThrownBy(() ->
                      node.as("Alice")
                          .withDeadlineAfter(200, TimeUnit.MILLISECONDS)
                          .post(post(firstOf("more"))))
                  .satisfies(e -> assertThat(Errors.reason(e)).contains(Reason.OVERLOADED)));
      Thread bob = posting(node, "bob", firstOf("other"));
      disk.goOn();

      assertThat(bob.join(Pair.SOON)).isTrue();
      for (Thread thread : flood) {
        assertThat(thread.join(Pair.SOON)).isTrue();
      }
      assertThat(pair.texts("bob")).hasSize(1);
      assertThat(
              node.as("alice")
                  .getPosts(
                      GetPostsRequest.newBuilder()
                          .setAuthor("alice")
                          .setPage(Page.newBuilder().setLimit(200))
                          .build())
                  .getPostsList())
          .hasSize(200);
    }
  }

  private static WriteId firstOf(String client) {
    return WriteId.newBuilder()
        .setClient("%013d-%s".formatted(System.currentTimeMillis(), client))
        .setSequence(1)
        .build();
  }

  private static Thread posting(Node node, String user, WriteId write) {
    return Thread.ofVirtual().start(() -> node.as(user).post(post(write)));
  }

  private static PostRequest post(WriteId write) {
    return PostRequest.newBuilder().setWrite(write).setText("x").build();
  }

  @Test
  void aSlaveWhoseDiskHangsIsLeftOut() throws Exception {
    try (Pair pair = new Pair(directory)) {
      pair.start(1);
      pair.awaitServing(1);
      pair.start(2, Node.Choice.normal().on(disk));
      pair.awaitInSync();
      pair.login("alice");
      disk.hang();

      pair.post("alice", "one");

      assertThat(pair.master().name).isEqualTo("alpha-1");
      assertThat(pair.coordinator.current().getInSyncCount()).isEqualTo(1);
      disk.goOn();
      pair.awaitInSync();
    }
  }

  @Test
  void aMemberWhoseDiskHangsSaysThatItIsNotReadyUntilItGoesOn() throws Exception {
    try (Pair pair = new Pair(directory)) {
      Node node = pair.start(1, Node.Choice.normal().on(disk));
      pair.login("alice");
      await().atMost(Pair.SOON).until(() -> node.member.notReady().isEmpty());
      disk.hang();
      Thread post = posting(node, "alice", firstOf("waits"));

      await()
          .atMost(Pair.SOON)
          .untilAsserted(() ->
              assertThat(node.member.notReady())
                  .hasValueSatisfying(
                      why -> assertThat(why).startsWith("the volume does not answer")));
      assertThat(node.role()).as("reads go on").isEqualTo(Role.OPEN);
      disk.goOn();
      await().atMost(Pair.SOON).until(() -> node.member.notReady().isEmpty());
      assertThat(post.join(Pair.SOON)).isTrue();
    }
  }

  @Test
  void aMasterWithoutSpaceHandsOverToASlaveThatHasSome() throws Exception {
    try (Pair pair = withMasterOn(disk)) {
      pair.login("alice");
      disk.free(10 << 20);

      await().atMost(Pair.SOON).until(() -> pair.node(2).serves());
      pair.post("alice", "one");
      assertThat(pair.texts("alice")).containsExactly("one");
    }
  }

  @Test
  void withoutSpaceAnywhereReadsGoOnAndWritesSayWhy() throws Exception {
    try (Pair pair = new Pair(directory)) {
      pair.start(1, Node.Choice.normal().on(disk));
      pair.awaitServing(1);
      pair.start(2, Node.Choice.normal().on(disk));
      pair.awaitInSync();
      pair.login("alice");
      pair.post("alice", "one");
      disk.free(10 << 20);

      await()
          .atMost(Pair.SOON)
          .untilAsserted(() ->
              assertThatThrownBy(() ->
                      pair.master()
                          .as("alice")
                          .post(
                              PostRequest.newBuilder()
                                  .setWrite(pair.nextWrite())
                                  .setText("x")
                                  .build()))
                  .satisfies(e -> assertThat(Errors.reason(e)).contains(Reason.DISK_FULL)));
      assertThat(pair.texts("alice")).startsWith("one");

      disk.free(Long.MAX_VALUE);
      await().atMost(Pair.SOON).until(() -> pair.master().member.notReady().isEmpty());
      pair.post("alice", "after");
      assertThat(pair.texts("alice")).endsWith("after");
    }
  }

  @Test
  void withNoByteLeftOnBothMembersReadsGoOnAndWritesGoOnWithSpaceAgain() throws Exception {
    try (Pair pair = new Pair(directory)) {
      pair.start(1, Node.Choice.normal().on(disk));
      pair.awaitServing(1);
      pair.start(2, Node.Choice.normal().on(disk));
      pair.awaitInSync();
      pair.login("alice");
      pair.post("alice", "one");
      disk.fill(() -> true);

      assertThatThrownBy(() -> post(pair, "under way"))
          .satisfies(e ->
              assertThat(Status.fromThrowable(e).getCode())
                  .isIn(
                      Status.Code.DEADLINE_EXCEEDED,
                      Status.Code.UNAVAILABLE,
                      Status.Code.RESOURCE_EXHAUSTED));
      assertThatThrownBy(() -> post(pair, "refused"))
          .satisfies(e -> assertThat(Errors.reason(e)).contains(Reason.DISK_FULL));
      await()
          .during(Duration.ofSeconds(3))
          .atMost(Pair.SOON)
          .until(() -> pair.texts("alice").getLast().equals("one"));
      assertThat(pair.node(1).member.ended()).isNotDone();
      assertThat(pair.node(2).member.ended()).isNotDone();

      disk.empty();
      pair.awaitInSync();
      await().atMost(Pair.SOON).until(() -> pair.master().member.notReady().isEmpty());
      pair.post("alice", "after");
      assertThat(pair.texts("alice")).contains("one", "after").doesNotContain("refused");
    }
  }

  @Test
  void aSlaveWithNoByteLeftIsLeftOutAndComesBackWithSpaceAgain() throws Exception {
    try (Pair pair = new Pair(directory)) {
      pair.start(1);
      pair.awaitServing(1);
      pair.start(2, Node.Choice.normal().on(disk));
      pair.awaitInSync();
      pair.login("alice");
      disk.fill(() -> true);

      pair.post("alice", "one");

      assertThat(pair.coordinator.current().getInSyncCount()).isEqualTo(1);
      assertThat(pair.node(2).member.ended()).isNotDone();
      disk.empty();
      pair.awaitInSync();
      pair.node(1).kill();
      assertThat(pair.texts("alice")).containsExactly("one");
    }
  }

  @Test
  void aMemberThatStartsOnAFullDiskServesReadsWithItsReserve() throws Exception {
    try (Pair pair = new Pair(directory)) {
      pair.start(1);
      pair.login("alice");
      pair.post("alice", "one");
      Path reserve = pair.volume(1).resolve("reserve");
      await().atMost(Pair.SOON).until(() -> Files.exists(reserve));
      pair.node(1).kill();
      disk.fill(() -> Files.exists(reserve));

      pair.start(1, Node.Choice.normal().on(disk));
      pair.awaitServing(1);

      assertThat(pair.texts("alice")).containsExactly("one");
      assertThatThrownBy(() -> post(pair, "refused"))
          .satisfies(e -> assertThat(Errors.reason(e)).contains(Reason.DISK_FULL));
      assertThat(pair.node(1).member.ended()).isNotDone();
    }
  }

  @Test
  void aRepeatOfAWriteThatWaitsForSpaceIsNotToldThatNothingWasWritten() throws Exception {
    try (Pair pair = new Pair(directory)) {
      pair.start(1, Node.Choice.normal().on(disk));
      pair.login("alice");
      Node node = pair.node(1);
      await()
          .atMost(Pair.SOON)
          .until(
              () -> node.volume.digest(false).appliedIndex() == node.member.state().appliedIndex());
      WriteId waits = pair.nextWrite();
      disk.refuse();

      assertThatThrownBy(() -> post(pair, "waits", waits));
      assertThatThrownBy(() -> post(pair, "refused"))
          .satisfies(e -> assertThat(Errors.reason(e)).contains(Reason.DISK_FULL));
      assertThatThrownBy(() -> post(pair, "waits", waits))
          .satisfies(e ->
              assertThat(Status.fromThrowable(e).getCode())
                  .isNotEqualTo(Status.Code.RESOURCE_EXHAUSTED));

      disk.empty();
      pair.post("alice", "waits", waits);
      assertThat(pair.texts("alice")).containsExactly("waits");
    }
  }

  private static void post(Pair pair, String text) {
    post(pair, text, pair.nextWrite());
  }

  private static void post(Pair pair, String text, WriteId write) {
    pair.master()
        .as("alice")
        .withDeadlineAfter(2, TimeUnit.SECONDS)
        .post(PostRequest.newBuilder().setWrite(write).setText(text).build());
  }

  @Test
  void aDamagedSlaveGivesItsVolumeUpAndTakesAFullCopy() throws Exception {
    try (Pair pair = new Pair(directory)) {
      pair.start(1);
      pair.awaitServing(1);
      pair.start(2, FORGETFUL);
      pair.awaitInSync();
      pair.login("alice");
      pair.post("alice", "one");
      forgetJournal(pair.node(2));
      pair.node(2).kill();
      cutShort(postFile(pair.volume(2), "alice"));
      pair.start(2);
      String before = pair.node(2).volume.id();

      Member.Ending ending = pair.node(2).member.ended().get(15, TimeUnit.SECONDS);

      assertThat(ending.exitCode()).isEqualTo(4);
      assertThat(ending.why()).contains("alice.txt").contains("full copy");
      assertThat(pair.coordinator.current().getInSyncCount()).isEqualTo(1);
      pair.node(2).kill();
      pair.start(2);
      assertThat(pair.node(2).volume.id()).isNotEqualTo(before);
      pair.awaitInSync();
      pair.node(1).kill();
      assertThat(pair.texts("alice")).containsExactly("one");
    }
  }

  @Test
  void aMasterThatFindsDamageHandsOverFirst() throws Exception {
    try (Pair pair = new Pair(directory)) {
      pair.start(1);
      pair.awaitServing(1);
      pair.start(2, FORGETFUL);
      pair.awaitInSync();
      pair.login("alice");
      pair.post("alice", "one");
      forgetJournal(pair.node(2));
      pair.node(2).kill();
      pair.start(2);
      pair.awaitInSync();
      overwrite(postFile(pair.volume(2), "alice"));
      assertThat(pair.node(1).member.handover(Duration.ofSeconds(3))).isEmpty();
      pair.awaitServing(2);

      assertThatThrownBy(() -> pair.node(2).as("alice").getPosts(of("alice")))
          .satisfies(e -> assertThat(Errors.reason(e)).contains(Reason.DAMAGED));

      assertThat(pair.node(2).member.ended().get(15, TimeUnit.SECONDS).why()).contains("full copy");
      assertThat(pair.master().name).isEqualTo("alpha-1");
      assertThat(pair.texts("alice")).containsExactly("one");
      pair.node(2).kill();
      pair.start(2);
      pair.awaitInSync();
    }
  }

  @Test
  void theOnlyCopyIsNeverGivenUpAndServesWhatIsWhole() throws Exception {
    try (Pair pair = new Pair(directory)) {
      pair.start(1, FORGETFUL);
      pair.login("alice");
      pair.login("bob");
      pair.post("alice", "lost");
      pair.post("bob", "kept");
      forgetJournal(pair.node(1));
      pair.node(1).kill();
      overwrite(postFile(pair.volume(1), "alice"));
      pair.start(1);
      pair.awaitServing(1);

      assertThatThrownBy(() -> pair.node(1).as("bob").getPosts(of("alice")))
          .satisfies(e -> {
            assertThat(Errors.reason(e)).contains(Reason.DAMAGED);
            assertThat(e).hasMessageContaining("alice.txt");
          });

      await()
          .atMost(Pair.SOON)
          .until(() -> pair.coordinator.status("alpha-1").getTrouble().contains("alice.txt"));
      assertThat(pair.texts("bob")).containsExactly("kept");
      pair.post("bob", "more");
      assertThat(pair.node(1).member.ended()).isNotDone();
      assertThat(pair.volume(1).resolve("discard")).doesNotExist();
    }
  }

  @Test
  void aSlaveBehindTheBoundOfTheJournalTakesAFullCopy() throws Exception {
    try (Pair pair = new Pair(directory)) {
      pair.start(1, FORGETFUL);
      pair.awaitServing(1);
      pair.start(2);
      pair.awaitInSync();
      pair.login("alice");
      pair.post("alice", "one");
      pair.node(2).kill();
      pair.post("alice", "two");
      forgetJournal(pair.node(1));
      String before = volumeId(pair.volume(2));

      pair.start(2);
      pair.awaitInSync();

      assertThat(volumeId(pair.volume(2))).isNotEqualTo(before);
      pair.node(1).kill();
      assertThat(pair.texts("alice")).containsExactly("one", "two");
    }
  }

  private static String volumeId(Path volume) throws IOException {
    return Files.readString(volume.resolve("volume-id")).strip();
  }

  private static GetPostsRequest of(String author) {
    return GetPostsRequest.newBuilder().setAuthor(author).build();
  }

  /** Waits until nothing can be written again from the journal. */
  private static void forgetJournal(Node node) {
    await()
        .atMost(Pair.SOON)
        .until(() -> {
          node.volume.upkeep(true);
          return node.volume.journalBytes() == 0;
        });
  }

  private Pair withMasterOn(ControlledDisk other) throws Exception {
    Pair pair = new Pair(directory);
    pair.start(1, Node.Choice.normal().on(other));
    pair.awaitServing(1);
    pair.start(2);
    pair.awaitInSync();
    return pair;
  }

  private static void overwrite(Path file) throws IOException {
    Files.write(file, new byte[20], StandardOpenOption.WRITE);
  }

  private static void cutShort(Path file) throws IOException {
    Files.write(file, new byte[0], StandardOpenOption.TRUNCATE_EXISTING);
  }

  private static Path postFile(Path volume, String author) throws IOException {
    try (Stream<Path> files = Files.walk(volume.resolve("posts"))) {
      return files
          .filter(each -> each.getFileName().toString().equals(author + ".txt"))
          .findFirst()
          .orElseThrow();
    }
  }
}
