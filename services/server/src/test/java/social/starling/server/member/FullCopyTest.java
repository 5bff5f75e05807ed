package social.starling.server.member;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.grpc.Status;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import social.starling.replication.Role;
import social.starling.server.storage.Disk;
import social.starling.server.storage.Volume;

/** What may happen while alpha-2 takes a full copy. */
@Timeout(60)
class FullCopyTest {

  private static final Map<String, String> MASTER_ALONE = Map.of("alpha-1", "of-alpha-1");

  @TempDir Path directory;

  private Pair pair;
  private Volume source;
  private FakeMaster master;
  private Node node;
  private String before;

  /** Alpha-2 has been told that it needs a copy, and has asked for one. */
  @BeforeEach
  void start() throws Exception {
    pair = new Pair(directory);
    source = Volume.open(directory.resolve("source"), Disk.local());
    master = new FakeMaster(pair);
    await().atMost(Pair.SOON).until(() -> pair.coordinator.current().getEpoch() == 1);
    node = pair.start(2);
    await().atMost(Pair.SOON).until(() -> node.member.promised() == 1);
    before = node.volume.id();
    master.connect(node);
    master.snapshotNeeded(1, before);
  }

  @AfterEach
  void end() {
    pair.close();
    master.close();
    source.close();
  }

  private FakeMaster.Fetch fetch() throws InterruptedException {
    FakeMaster.Fetch fetch = master.fetches.poll(20, TimeUnit.SECONDS);
    assertThat(fetch).isNotNull();
    return fetch;
  }

  @Test
  void whatIsAskedAgainWhileItRunsBeginsNoSecondCopy() throws Exception {
    FakeMaster.Fetch fetch = fetch();
    pair.coordinator.become("alpha-1", "fake", MASTER_ALONE);

    for (long epoch : new long[] {1, 1, 2, 2}) {
      master.snapshotNeeded(epoch, before);
    }

    await().during(Duration.ofMillis(500)).until(() -> master.asked.get() == 1);
    assertThat(node.role()).isEqualTo(Role.INSTALLING);
    FakeMaster.answer(fetch, source);
    await().atMost(Pair.SOON).until(() -> node.role() == Role.FOLLOWER);
    assertThat(node.volume.id()).isNotEqualTo(before);
    assertThat(node.metric("starling.full.copies")).isEqualTo(1);
    assertThat(node.member.promised()).isEqualTo(2);
    assertThat(master.asked).hasValue(1);
  }

  @Test
  void aCopyThatANewMasterCutsShortIsBegunAgainInItsEpoch() throws Exception {
    FakeMaster.Fetch cut = fetch();
    assertThat(cut.request().getEpoch()).isEqualTo(1);
    pair.coordinator.become("alpha-1", "another-process", MASTER_ALONE);
    cut.out().onError(Status.UNAVAILABLE.withDescription("gone").asRuntimeException());
    await().atMost(Pair.SOON).until(() -> node.role() == Role.FOLLOWER);
    assertThat(node.volume.id()).isEqualTo(before);

    // The old epoch is over, whoever speaks for it.
    master.snapshotNeeded(1, before);
    await().during(Duration.ofMillis(300)).until(() -> master.asked.get() == 1);
    // Its link was refused for that.
    master.connect(node);
    master.snapshotNeeded(2, before);

    FakeMaster.Fetch again = fetch();
    assertThat(again.request().getEpoch()).isEqualTo(2);
    FakeMaster.answer(again, source);
    await()
        .atMost(Pair.SOON)
        .until(() -> node.role() == Role.FOLLOWER && !node.volume.id().equals(before));
    assertThat(node.member.promised()).isEqualTo(2);
  }

  @Test
  void aVolumeThatIsRecordedMeanwhileIsKept() throws Exception {
    FakeMaster.Fetch fetch = fetch();
    // A person has decided that alpha-1 will not return, for what alpha-2 holds.
    pair.coordinator.become("alpha-2", "unknown", Map.of("alpha-2", before));
    await().atMost(Pair.SOON).until(() -> node.member.promised() == 2);

    FakeMaster.answer(fetch, source);

    pair.awaitServing(2);
    assertThat(node.volume.id()).isEqualTo(before);
    pair.login("alice");
    pair.post("alice", "one");
    assertThat(pair.texts("alice")).containsExactly("one");
  }
}
