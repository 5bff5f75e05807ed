package social.starling.coordinator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import social.starling.proto.coordinator.v1.Configuration;
import social.starling.proto.coordinator.v1.Expand;
import social.starling.proto.coordinator.v1.Handover;
import social.starling.proto.coordinator.v1.InSyncMember;
import social.starling.proto.coordinator.v1.Promote;
import social.starling.proto.coordinator.v1.ReconfigureRequest;
import social.starling.proto.coordinator.v1.Shrink;

class ReconfigurationsTest {

  private static final Configuration BOTH =
      Configuration.newBuilder()
          .setCluster("alpha")
          .setEpoch(7)
          .setMaster("alpha-1")
          .setMasterInstance("i1")
          .addInSync(inSync("alpha-1", "v1"))
          .addInSync(inSync("alpha-2", "v2"))
          .setReleased(true)
          .setPreviousMaster("alpha-2")
          .setPreviousInstance("old")
          .build();
  private static final Configuration ALONE =
      BOTH.toBuilder().clearInSync().addInSync(inSync("alpha-1", "v1")).build();

  @Test
  void shouldMakeAPromotedMemberMasterAlone() {
    Configuration next = executed(BOTH, slave().setPromote(promote()));

    assertThat(next)
        .isEqualTo(
            Configuration.newBuilder()
                .setCluster("alpha")
                .setEpoch(8)
                .setMaster("alpha-2")
                .setMasterInstance("i2")
                .addInSync(inSync("alpha-2", "v2"))
                .setPreviousMaster("alpha-1")
                .setPreviousInstance("i1")
                .build());
  }

  @Test
  void shouldPromoteARestartedMasterAsAnewProcess() {
    Configuration next = executed(BOTH, master().setInstance("i1-again").setPromote(promote()));

    assertThat(next.getMaster()).isEqualTo("alpha-1");
    assertThat(next.getMasterInstance()).isEqualTo("i1-again");
    assertThat(next.getPreviousInstance()).isEqualTo("i1");
    assertThat(next.getInSyncList()).containsExactly(inSync("alpha-1", "v1"));
    assertThat(next.getReleased()).isFalse();
  }

  @Test
  void shouldShrinkToTheMasterAlone() {
    Configuration next = executed(BOTH, master().setShrink(shrink()));

    assertThat(next.getEpoch()).isEqualTo(8);
    assertThat(next.getMaster()).isEqualTo("alpha-1");
    assertThat(next.getInSyncList()).containsExactly(inSync("alpha-1", "v1"));
    assertThat(next.getReleased()).isFalse();
    assertThat(next.getPreviousMaster()).isEqualTo("alpha-1");
  }

  @Test
  void shouldShrinkAMasterThatIsAloneAlreadySoThatAnExpandOnItsWayFails() {
    Configuration next = executed(ALONE, master().setShrink(shrink()));

    assertThat(next.getEpoch()).isEqualTo(8);
    assertThat(next.getInSyncList()).containsExactly(inSync("alpha-1", "v1"));
    assertThat(refused(next, master().setExpand(expand("alpha-2", "v2")))).contains("epoch 7");
  }

  @Test
  void shouldExpandToBothWithTheVolumeThatTheMasterNames() {
    Configuration next = executed(ALONE, master().setExpand(expand("alpha-2", "v2-new")));

    assertThat(next.getMaster()).isEqualTo("alpha-1");
    assertThat(next.getMasterInstance()).isEqualTo("i1");
    assertThat(next.getInSyncList())
        .containsExactly(inSync("alpha-1", "v1"), inSync("alpha-2", "v2-new"));
  }

  @Test
  void shouldHandOverToThePeerAndKeepTheSet() {
    Configuration next = executed(BOTH, master().setHandover(handover("alpha-2", "i2")));

    assertThat(next.getMaster()).isEqualTo("alpha-2");
    assertThat(next.getMasterInstance()).isEqualTo("i2");
    assertThat(next.getInSyncList()).isEqualTo(BOTH.getInSyncList());
    assertThat(next.getReleased()).isTrue();
    assertThat(next.getPreviousMaster()).isEqualTo("alpha-1");
    assertThat(next.getPreviousInstance()).isEqualTo("i1");
  }

  static Stream<Arguments> wrongRequests() {
    return Stream.of(
        wrong("older epoch", BOTH, slave().setEpoch(6).setPromote(promote()), "current"),
        wrong("newer epoch", BOTH, slave().setEpoch(8).setPromote(promote()), "current"),
        wrong("epoch 0", BOTH, slave().setEpoch(0).setPromote(promote()), "current"),
        wrong("promote: not in sync", ALONE, slave().setPromote(promote()), "not in sync"),
        wrong("promote: other volume", BOTH, slave().setVolume("v3").setPromote(promote()), "v2"),
        wrong("promote: peer's volume", BOTH, slave().setVolume("v1").setPromote(promote()), "v2"),
        wrong("promote: no volume", BOTH, slave().clearVolume().setPromote(promote()), "v2"),
        wrong("promote: no instance", BOTH, slave().clearInstance().setPromote(promote()), "inst"),
        wrong("shrink: by the slave", BOTH, slave().setShrink(shrink()), "not the master"),
        wrong("shrink: other volume", BOTH, master().setVolume("v9").setShrink(shrink()), "v1"),
        wrong("shrink: older epoch", BOTH, master().setEpoch(6).setShrink(shrink()), "current"),
        wrong("shrink: outsider", ALONE, slave().setShrink(shrink()), "not in sync"),
        wrong("expand: by the slave", BOTH, slave().setExpand(expand("alpha-1", "v1")), "master"),
        wrong("expand: in already", BOTH, master().setExpand(expand("alpha-2", "v2")), "already"),
        wrong("expand: in, other volume", BOTH, master().setExpand(expand("alpha-2", "v3")), "alr"),
        wrong("expand: itself", ALONE, master().setExpand(expand("alpha-1", "v5")), "already"),
        wrong("expand: stranger", ALONE, master().setExpand(expand("beta-1", "v5")), "member"),
        wrong("expand: no volume", ALONE, master().setExpand(expand("alpha-2", "")), "volume"),
        wrong("expand: own volume", ALONE, master().setExpand(expand("alpha-2", "v1")), "same"),
        wrong(
            "expand: master's volume is another",
            ALONE,
            master().setVolume("v7").setExpand(expand("alpha-2", "v2")),
            "v1"),
        wrong("handover: by the slave", BOTH, slave().setHandover(handover("alpha-1", "i1")), "ma"),
        wrong("handover: peer out", ALONE, master().setHandover(handover("alpha-2", "i2")), "sync"),
        wrong("handover: to itself", BOTH, master().setHandover(handover("alpha-1", "i9")), "no o"),
        wrong("handover: no instance", BOTH, master().setHandover(handover("alpha-2", "")), "inst"),
        wrong(
            "handover: other volume",
            BOTH,
            master().setVolume("v8").setHandover(handover("alpha-2", "i2")),
            "v1"),
        wrong("no change", BOTH, master(), "change"),
        wrong(
            "nothing configured yet",
            Configuration.newBuilder().setCluster("alpha").build(),
            master().setEpoch(0).setPromote(promote()),
            "no configuration"));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("wrongRequests")
  void shouldRefuse(
      String name, Configuration current, ReconfigureRequest.Builder request, String reason) {
    assertThat(refused(current, request)).contains(reason);
  }

  @Test
  void shouldConfigureFirstOnlyWhatWasNeverConfigured() {
    RecordedCluster fresh = cluster(Configuration.newBuilder().setCluster("alpha").build());

    Configuration first = Reconfigurations.first(fresh, "alpha-2", "v2", "i2");

    assertThat(first)
        .isEqualTo(
            Configuration.newBuilder()
                .setCluster("alpha")
                .setEpoch(1)
                .setMaster("alpha-2")
                .setMasterInstance("i2")
                .addInSync(inSync("alpha-2", "v2"))
                .build());
    assertThatThrownBy(() -> Reconfigurations.first(cluster(BOTH), "alpha-2", "v2", "i2"))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void shouldKeepTheMasterInTheSetAndTheFormerMasterNamedWhateverIsExecuted() {
    List<Consumer<ReconfigureRequest.Builder>> changes =
        List.of(
            r -> r.setPromote(promote()),
            r -> r.setShrink(shrink()),
            r -> r.setExpand(expand("alpha-2", "v2")),
            r -> r.setExpand(expand("alpha-1", "v1")),
            r -> r.setHandover(handover("alpha-2", "i2")),
            r -> r.setHandover(handover("alpha-1", "i1")));
    int executed = 0;
    for (Configuration current : List.of(BOTH, ALONE)) {
      for (ReconfigureRequest.Builder who : List.of(master(), slave())) {
        for (Consumer<ReconfigureRequest.Builder> change : changes) {
          ReconfigureRequest.Builder request = who.clone();
          change.accept(request);
          if (Reconfigurations.decide(cluster(current), request.build())
              instanceof Decision.Executed done) {
            executed++;
            Configuration next = done.next();
            assertThat(next.getEpoch()).isEqualTo(current.getEpoch() + 1);
            assertThat(next.getInSyncList())
                .extracting(InSyncMember::getMember)
                .contains(next.getMaster())
                .doesNotHaveDuplicates();
            assertThat(next.getPreviousMaster()).isEqualTo(current.getMaster());
            assertThat(next.getPreviousInstance()).isEqualTo(current.getMasterInstance());
            assertThat(next.getReleased()).isEqualTo(request.hasHandover());
          }
        }
      }
    }
    assertThat(executed).isEqualTo(7);
  }

  private static Arguments wrong(
      String name, Configuration current, ReconfigureRequest.Builder request, String reason) {
    return Arguments.of(name, current, request, reason);
  }

  private static Configuration executed(Configuration current, ReconfigureRequest.Builder request) {
    return switch (Reconfigurations.decide(cluster(current), request.build())) {
      case Decision.Executed done -> done.next();
      case Decision.Refused refused -> throw new AssertionError(refused.reason());
    };
  }

  private static String refused(Configuration current, ReconfigureRequest.Builder request) {
    return switch (Reconfigurations.decide(cluster(current), request.build())) {
      case Decision.Executed done -> throw new AssertionError("executed: " + done.next());
      case Decision.Refused refused -> refused.reason();
    };
  }

  private static RecordedCluster cluster(Configuration configuration) {
    return new RecordedCluster(3, "alpha", 0, List.of("alpha-1", "alpha-2"), 1, configuration);
  }

  private static ReconfigureRequest.Builder master() {
    return ReconfigureRequest.newBuilder()
        .setCluster("alpha")
        .setEpoch(7)
        .setMember("alpha-1")
        .setVolume("v1")
        .setInstance("i1");
  }

  private static ReconfigureRequest.Builder slave() {
    return master().setMember("alpha-2").setVolume("v2").setInstance("i2");
  }

  private static InSyncMember inSync(String member, String volume) {
    return InSyncMember.newBuilder().setMember(member).setVolume(volume).build();
  }

  private static Promote promote() {
    return Promote.getDefaultInstance();
  }

  private static Shrink shrink() {
    return Shrink.getDefaultInstance();
  }

  private static Expand expand(String peer, String volume) {
    return Expand.newBuilder().setPeer(peer).setPeerVolume(volume).build();
  }

  private static Handover handover(String peer, String instance) {
    return Handover.newBuilder().setPeer(peer).setPeerInstance(instance).build();
  }
}
