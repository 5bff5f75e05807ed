package social.starling.server.member;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import social.starling.proto.coordinator.v1.InSyncMember;

/** A member is lost with its volume, and one of another name takes its place. */
@Timeout(60)
class ReplacedMemberTest {

  @TempDir private Path directory;

  private Pair pair;

  @BeforeEach
  void start() throws Exception {
    pair = new Pair(directory).started();
    pair.login("bob");
  }

  @AfterEach
  void end() {
    pair.close();
  }

  private List<String> inSync() {
    return pair.coordinator.current().getInSyncList().stream()
        .map(InSyncMember::getMember)
        .sorted()
        .toList();
  }

  private void awaitAlone() {
    await().atMost(Pair.SOON).until(() -> inSync().size() == 1);
  }

  @Test
  void theOneThatStaysFillsTheNewOneWithoutARestart() throws Exception {
    Node stays = pair.node(1);
    pair.post("bob", "before");
    pair.node(2).kill();
    awaitAlone();

    pair.coordinator.replace("alpha-2", "alpha-3");
    pair.nodes.removeIf(node -> node.name.equals("alpha-2"));
    pair.start(3);
    pair.awaitInSync();

    assertThat(inSync()).containsExactly("alpha-1", "alpha-3");
    assertThat(pair.node(1)).isSameAs(stays);
    pair.post("bob", "after");
    stays.terminate();
    pair.nodes.remove(stays);
    pair.awaitServing(3);
    assertThat(pair.texts("bob")).containsExactly("before", "after");
  }

  @Test
  void theMasterIsReplacedAfterItsSlaveTookOver() throws Exception {
    pair.post("bob", "before");
    pair.node(1).kill();
    pair.awaitServing(2);
    awaitAlone();

    pair.coordinator.replace("alpha-1", "alpha-3");
    pair.nodes.removeIf(node -> node.name.equals("alpha-1"));
    pair.start(3);
    pair.awaitInSync();

    assertThat(inSync()).containsExactly("alpha-2", "alpha-3");
    assertThat(pair.texts("bob")).containsExactly("before");
  }

  @Test
  void theFormerMemberIsRefusedWhenItComesBack() throws Exception {
    pair.node(2).kill();
    awaitAlone();
    pair.coordinator.replace("alpha-2", "alpha-3");
    pair.nodes.removeIf(node -> node.name.equals("alpha-2"));
    pair.start(3);
    pair.awaitInSync();
    long epoch = pair.coordinator.current().getEpoch();

    Node former = pair.start(2);
    pair.post("bob", "goes on");

    assertThat(former.member.serving().epoch()).isLessThanOrEqualTo(epoch);
    assertThat(pair.coordinator.current().getEpoch()).isEqualTo(epoch);
    assertThat(inSync()).containsExactly("alpha-1", "alpha-3");
  }
}
