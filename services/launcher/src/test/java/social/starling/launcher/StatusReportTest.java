package social.starling.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.junit.jupiter.api.Test;
import social.starling.proto.coordinator.v1.ClusterStatus;
import social.starling.proto.coordinator.v1.Configuration;
import social.starling.proto.coordinator.v1.GetStatusResponse;
import social.starling.proto.coordinator.v1.Hearing;
import social.starling.proto.coordinator.v1.InSyncMember;
import social.starling.proto.coordinator.v1.MemberReport;
import social.starling.proto.coordinator.v1.MemberStatus;
import social.starling.proto.coordinator.v1.PeerProgress;
import social.starling.proto.coordinator.v1.SynchronizerReport;
import social.starling.proto.coordinator.v1.SynchronizerStatus;

class StatusReportTest {

  private static final Instant NOW = Instant.parse("2026-11-22T10:00:00Z");
  private static final DataDirectory DIRECTORY = new DataDirectory(Path.of("/somewhere/data"));
  private static final RunState STATE =
      Plan.of(
              RunState.NEW,
              new Plan.Wish(OptionalInt.of(1), OptionalInt.empty()),
              Set.of(),
              port -> true)
          .state();

  private static final Map<String, StatusReport.Alive> ALL_ALIVE =
      Map.of(
          "coordinator", alive(10, 61),
          "alpha-1", alive(11, 60),
          "alpha-2", alive(12, 59),
          "alpha-synchronizer", alive(14, 57),
          "router", alive(13, 58));

  private static final GetStatusResponse ANSWER =
      GetStatusResponse.newBuilder()
          .addClusters(
              ClusterStatus.newBuilder()
                  .setName("alpha")
                  .setConfiguration(
                      Configuration.newBuilder()
                          .setCluster("alpha")
                          .setEpoch(4)
                          .setMaster("alpha-2")
                          .addInSync(inSync("alpha-1", "v1"))
                          .addInSync(inSync("alpha-2", "v2")))
                  .addMembers(member("alpha-1", "v1", 3))
                  .addMembers(member("alpha-2", "v2", 0))
                  .setSynchronizer(
                      SynchronizerReport.newBuilder()
                          .setHearing(Hearing.HEARD)
                          .setStatus(
                              SynchronizerStatus.newBuilder()
                                  .addPeers(peer("beta", 2))
                                  .addPeers(peer("gamma", 9)))))
          .build();

  @Test
  void shouldShowRolesEpochsAndLag() {
    List<StatusRow> rows = report(ALL_ALIVE, answer(ANSWER)).rows();

    assertThat(rows)
        .extracting(StatusRow::kind)
        .containsExactly("coordinator", "server", "server", "synchronizer", "router");
    assertThat(rows)
        .extracting(StatusRow::cluster)
        .containsExactly(null, "alpha", "alpha", "alpha", null);
    assertThat(rows)
        .extracting(StatusRow::member)
        .containsExactly(null, "alpha-1", "alpha-2", null, null);
    assertThat(rows)
        .extracting(StatusRow::role)
        .containsExactly(null, "slave", "master", null, null);
    assertThat(rows).extracting(StatusRow::epoch).containsExactly(null, 4L, 4L, null, null);
    assertThat(rows).extracting(StatusRow::inSync).containsExactly(null, true, true, null, null);
    assertThat(rows).extracting(StatusRow::lag).containsExactly(null, 3L, 0L, 9L, null);
    assertThat(rows).extracting(StatusRow::pid).containsExactly(10L, 11L, 12L, 14L, 13L);
    assertThat(rows).extracting(StatusRow::uptimeSeconds).containsExactly(61L, 60L, 59L, 57L, 58L);
    assertThat(rows.get(3).address()).matches("127.0.0.1:\\d+");
    assertThat(rows.get(3).directory()).isNull();
  }

  @Test
  void shouldNotCountAnotherVolumeThanTheRecordedOneAsInSync() {
    GetStatusResponse answer =
        ANSWER.toBuilder()
            .setClusters(
                0, ANSWER.getClusters(0).toBuilder().setMembers(0, member("alpha-1", "new", 9)))
            .build();

    assertThat(report(ALL_ALIVE, answer(answer)).rows())
        .extracting(StatusRow::inSync)
        .containsExactly(null, false, true, null, null);
  }

  @Test
  void shouldShowTheDeadAsDead() {
    StatusReport report =
        report(Map.of("coordinator", alive(10, 61), "alpha-1", alive(11, 60)), answer(ANSWER));

    assertThat(report.rows())
        .extracting(StatusRow::pid)
        .containsExactly(10L, 11L, null, null, null);
    assertThat(report.rows())
        .extracting(StatusRow::role)
        .containsExactly(null, "slave", null, null, null);
    assertThat(report.rows()).extracting(StatusRow::lag).last().isNull();
    assertThat(report.remarks())
        .containsExactly(
            "alpha-2 is not running", "alpha-synchronizer is not running", "router is not running");
    assertThat(StatusFormat.table(report.rows()).lines().toList().get(3)).contains("dead");
  }

  @Test
  void shouldShowWhatItCanWhenTheCoordinatorIsAway() {
    StatusReport report =
        report(ALL_ALIVE, new StatusQuery(Optional.empty(), Optional.of("nobody answers")));

    assertThat(report.rows()).extracting(StatusRow::pid).containsExactly(10L, 11L, 12L, 14L, 13L);
    assertThat(report.rows()).extracting(StatusRow::role).containsOnlyNulls();
    assertThat(report.remarks())
        .containsExactly("nobody answers: role, epoch, inSync and lag are not known");
  }

  @Test
  void shouldTellThatNobodyWatchesOverWhatRuns() {
    assertThat(StatusReport.of(DIRECTORY, STATE, ALL_ALIVE, false, answer(ANSWER), NOW).remarks())
        .containsExactly(
            "no launcher runs, so what dies is not started again; starling up mends that");
  }

  @Test
  void shouldTellTheTroubleOfAMember() {
    GetStatusResponse.Builder answer = ANSWER.toBuilder();
    answer
        .getClustersBuilder(0)
        .getMembersBuilder(0)
        .getStatusBuilder()
        .setTrouble("the disk is full");

    assertThat(report(ALL_ALIVE, answer(answer.build())).remarks())
        .containsExactly("alpha-1: the disk is full");
  }

  @Test
  void shouldPrintJsonWithExactlyTheFieldsThatAreDocumented() {
    JsonArray array =
        JsonParser.parseString(StatusFormat.json(report(ALL_ALIVE, answer(ANSWER)).rows()))
            .getAsJsonArray();

    assertThat(array).hasSize(5);
    for (var element : array) {
      assertThat(element.getAsJsonObject().keySet())
          .containsExactly(
              "kind",
              "cluster",
              "member",
              "role",
              "epoch",
              "inSync",
              "pid",
              "address",
              "directory",
              "lag",
              "uptimeSeconds");
    }
    JsonObject slave = array.get(1).getAsJsonObject();
    assertThat(slave.get("member").getAsString()).isEqualTo("alpha-1");
    assertThat(slave.get("inSync").getAsBoolean()).isTrue();
    assertThat(slave.get("epoch").getAsLong()).isEqualTo(4);
    assertThat(slave.get("directory").getAsString()).isEqualTo("/somewhere/data/alpha-1");
    assertThat(array.get(0).getAsJsonObject().get("role").isJsonNull()).isTrue();
  }

  private static StatusReport report(Map<String, StatusReport.Alive> alive, StatusQuery query) {
    return StatusReport.of(DIRECTORY, STATE, alive, true, query, NOW);
  }

  private static StatusQuery answer(GetStatusResponse answer) {
    return new StatusQuery(Optional.of(answer), Optional.empty());
  }

  private static StatusReport.Alive alive(long pid, long secondsAgo) {
    return new StatusReport.Alive(pid, NOW.minusSeconds(secondsAgo));
  }

  private static PeerProgress peer(String cluster, long lag) {
    return PeerProgress.newBuilder().setCluster(cluster).setConnected(true).setLag(lag).build();
  }

  private static InSyncMember inSync(String member, String volume) {
    return InSyncMember.newBuilder().setMember(member).setVolume(volume).build();
  }

  private static MemberReport member(String name, String volume, long lag) {
    return MemberReport.newBuilder()
        .setName(name)
        .setHearing(Hearing.HEARD)
        .setStatus(MemberStatus.newBuilder().setEpoch(4).setVolume(volume).setLag(lag))
        .build();
  }
}
