package social.starling.coordinator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import social.starling.common.StartException;
import social.starling.proto.coordinator.v1.ClusterEntry;
import social.starling.proto.coordinator.v1.Configuration;
import social.starling.proto.coordinator.v1.GivenNumber;
import social.starling.proto.coordinator.v1.InSyncMember;
import social.starling.proto.coordinator.v1.Member;
import social.starling.proto.coordinator.v1.RebuiltState;
import social.starling.proto.coordinator.v1.SlotOwner;
import social.starling.proto.coordinator.v1.Standing;
import social.starling.proto.coordinator.v1.StoredSlots;

class RebuiltDocumentsTest {

  @TempDir Path directory;

  @Test
  void shouldBeWhatACoordinatorStarts() throws Exception {
    Path file = Files.writeString(directory.resolve("state.txt"), state().build().toString());
    StateDirectory.replace(
        directory.resolve("new"), RebuiltDocuments.read(file), java.time.Duration.ZERO);
    try (StateDirectory opened = StateDirectory.open(directory.resolve("new"), false)) {
      Registry registry = new Registry(opened.store(), 2, new Untold());
      registry.begin();
      assertThat(registry.known("alpha").configuration())
          .isEqualTo(state().getClusters(0).getConfiguration());
      assertThat(registry.known("beta").epoch()).isZero();
      assertThat(registry.slots().version()).isEqualTo(1_000_002);
      assertThat(registry.slots().count(4)).isEqualTo(1024);
      assertThat(registry.slots().standing(7)).isEqualTo(Standing.JOINING);
      assertThat(registry.record("gamma", List.of("gamma-1", "gamma-2"))).isEqualTo(8);
    }
  }

  @Test
  void shouldRefuseWhatContradictsItself() {
    refused("no cluster", RebuiltState.Builder::clearClusters);
    refused("was not given", s -> s.getClustersBuilder(0).setNumber(5));
    refused("there twice", s -> s.addClusters(s.getClusters(0)));
    refused("two different members", s -> s.getClustersBuilder(0).removeMembers(0));
    refused("is not in sync", s -> configuration(s).setMaster("alpha-2"));
    refused(
        "no member",
        s -> configuration(s).addInSync(InSyncMember.newBuilder().setMember("x").setVolume("v")));
    refused("volume", s -> configuration(s).getInSyncBuilder(0).setVolume(""));
    refused("another cluster", s -> configuration(s).setCluster("beta"));
    refused("out of range", s -> configuration(s).setEpoch(-3));
    refused("at epoch 0", s -> configuration(s).setEpoch(0));
    refused("odd", s -> s.getSlotsBuilder().setVersion(7));
    refused("no owner", s -> s.getSlotsBuilder().getSlotsBuilder(0).setTo(1023));
    refused("not there", s -> s.getSlotsBuilder().getSlotsBuilder(0).setCluster("old"));
  }

  @Test
  void shouldRefuseAFileThatIsNoState() throws Exception {
    Path file = directory.resolve("state.txt");
    assertThatThrownBy(() -> RebuiltDocuments.read(file)).isInstanceOf(StartException.class);
    for (String text : List.of("", "clusters {", "unknown: 3", "x".repeat(5 << 20))) {
      Files.writeString(file, text);
      assertThatThrownBy(() -> RebuiltDocuments.read(file))
          .isInstanceOf(StartException.class)
          .hasMessageContaining("is not taken as a coordinator's state");
    }
  }

  private static Configuration.Builder configuration(RebuiltState.Builder state) {
    return state.getClustersBuilder(0).getConfigurationBuilder();
  }

  private static void refused(String why, Consumer<RebuiltState.Builder> change) {
    RebuiltState.Builder state = state();
    change.accept(state);
    assertThatThrownBy(() -> RebuiltDocuments.of(state.build()))
        .as(why)
        .hasMessageContaining(why)
        .isInstanceOfAny(IllegalArgumentException.class, Refusal.class);
  }

  /** Of two clusters, one of which was never configured. */
  static RebuiltState.Builder state() {
    return RebuiltState.newBuilder()
        .addClusters(
            cluster("alpha", 4)
                .setConfiguration(
                    Configuration.newBuilder()
                        .setCluster("alpha")
                        .setEpoch(1_000_005)
                        .setMaster("alpha-1")
                        .addInSync(InSyncMember.newBuilder().setMember("alpha-1").setVolume("v1"))))
        .addClusters(
            cluster("beta", 7).setConfiguration(Configuration.newBuilder().setCluster("beta")))
        .setSlots(
            StoredSlots.newBuilder()
                .setVersion(1_000_002)
                .addNumbers(GivenNumber.newBuilder().setCluster("old").setNumber(0))
                .addNumbers(GivenNumber.newBuilder().setCluster("alpha").setNumber(4))
                .addNumbers(
                    GivenNumber.newBuilder()
                        .setCluster("beta")
                        .setNumber(7)
                        .setStanding(Standing.JOINING))
                .addSlots(SlotOwner.newBuilder().setTo(1024).setCluster("alpha")));
  }

  private static ClusterEntry.Builder cluster(String name, int number) {
    return ClusterEntry.newBuilder()
        .setName(name)
        .setNumber(number)
        .addMembers(Member.newBuilder().setName(name + "-1"))
        .addMembers(Member.newBuilder().setName(name + "-2"));
  }
}
