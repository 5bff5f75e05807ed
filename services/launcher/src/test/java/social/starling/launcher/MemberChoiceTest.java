package social.starling.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class MemberChoiceTest {

  @Test
  void shouldTakeBothVolumesOfEachCluster() {
    assertThat(
            names(
                List.of(
                    volume("alpha-1", 5),
                    volume("alpha-2", 5),
                    volume("beta-3", 1),
                    volume("beta-7", 1))))
        .containsExactly("alpha-1", "alpha-2", "beta-3", "beta-7");
  }

  @Test
  void shouldLeaveOutTheVolumeOfAMemberThatWasReplaced() {
    assertThat(
            names(
                List.of(lost("alpha-1"), volume("alpha-2", 9), volume("alpha-3", 9)),
                cluster("alpha", "alpha-2", "alpha-3")))
        .containsExactly("alpha-2", "alpha-3");
  }

  @Test
  void shouldCountAMemberThatCameAfterTheOperatorLastLooked() {
    assertThat(
            names(
                List.of(volume("alpha-1", 9), volume("alpha-2", 4), volume("alpha-3", 8)),
                cluster("alpha", "alpha-1", "alpha-2")))
        .as("the one that is furthest behind was replaced")
        .containsExactly("alpha-1", "alpha-3");
  }

  @Test
  void shouldLetAPersonDecideAboutAVolumeThatMayHoldWhatOthersDoNot() {
    List<VolumeView> chosen =
        MemberChoice.of(
            List.of(lost("alpha-1"), volume("alpha-2", 4), volume("alpha-3", 8)), List.of());
    assertThat(chosen).extracting(VolumeView::member).containsExactly("alpha-1", "alpha-3");
    assertThat(Rebuilt.of(chosen).losses()).singleElement().asString().contains("alpha-1");
  }

  @Test
  void shouldSayThatAMembersClaimIsGone() {
    List<VolumeView> chosen =
        MemberChoice.of(
            List.of(volume("alpha-1", 9)), List.of(cluster("alpha", "alpha-1", "alpha-4")));
    assertThat(chosen).extracting(VolumeView::member).containsExactly("alpha-1", "alpha-4");
    assertThat(chosen.getLast().useless()).contains("its claim is gone");
  }

  @Test
  void shouldCallASecondMemberOfWhichNothingIsKnownByTheNextNumber() {
    List<VolumeView> chosen = MemberChoice.of(List.of(volume("alpha-5", 9)), List.of());
    assertThat(chosen).extracting(VolumeView::member).containsExactly("alpha-5", "alpha-6");
    assertThat(chosen.getLast().useless()).isPresent();
  }

  @Test
  void shouldGiveUpNothingOfAMemberThatNeverHadAClaim() {
    JsonObject cluster =
        JsonParser.parseString(
                """
                {"metadata":{"name":"alpha"},"status":{"epoch":1,
                 "members":[{"name":"alpha-1","claim":"uid"},{"name":"alpha-2"}]}}
                """)
            .getAsJsonObject();
    List<VolumeView> chosen = MemberChoice.of(List.of(volume("alpha-1", 9)), List.of(cluster));
    assertThat(Rebuilt.of(chosen).losses()).isEmpty();
  }

  @Test
  void shouldMissTheVolumesOfAClusterThatServedAndForgetOneThatNeverDid() {
    assertThat(names(List.of(), cluster("alpha", "alpha-1", "alpha-2")))
        .containsExactly("alpha-1", "alpha-2");
    JsonObject fresh =
        JsonParser.parseString("{\"metadata\":{\"name\":\"new\"}}").getAsJsonObject();
    assertThat(MemberChoice.of(List.of(), List.of(fresh))).isEmpty();
  }

  @Test
  void shouldTakeAReplacedVolumeWhenNeitherMembersVolumeHoldsAnything() {
    List<VolumeView> chosen =
        MemberChoice.of(
            List.of(volume("alpha-1", 3), volume("alpha-2", 7), lost("alpha-4")),
            List.of(cluster("alpha", "alpha-3", "alpha-4")));
    assertThat(chosen).extracting(VolumeView::member).containsExactly("alpha-2", "alpha-4");
    assertThat(Rebuilt.of(chosen).losses())
        .as("a person hears of both volumes that would be better")
        .singleElement()
        .asString()
        .contains(
            "The volume of alpha-4 cannot be used",
            "alpha-4: its node is lost",
            "alpha-3: its claim is gone",
            "up to 7 (epoch 2) of alpha-2 is given up");
  }

  @Test
  void shouldTakeAReplacedVolumeBesideAMembersThatIsStillEmpty() {
    VolumeView empty = VolumeView.unused("alpha", "alpha-3", Path.of("alpha-3"));
    List<VolumeView> chosen =
        MemberChoice.of(
            List.of(volume("alpha-1", 7), lost("alpha-2"), empty),
            List.of(cluster("alpha", "alpha-2", "alpha-3")));
    assertThat(chosen).extracting(VolumeView::member).containsExactly("alpha-1", "alpha-2");
    assertThat(Rebuilt.of(chosen).losses()).singleElement().asString().contains("alpha-2");
  }

  private static List<String> names(List<VolumeView> volumes, JsonObject... clusters) {
    return MemberChoice.of(volumes, List.of(clusters)).stream().map(VolumeView::member).toList();
  }

  private static VolumeView volume(String member, long lastIndex) {
    String cluster = member.substring(0, member.lastIndexOf('-'));
    return VolumeView.read(
        cluster,
        member,
        Path.of(member),
        """
        {"trouble":null,"cluster":"%s","number":0,"volume":"id-%s","used":true,"promised":2,
         "lastIndex":%d,"lastEpoch":2,"users":0,"slotsVersion":2,"slots":[1],"usedSlots":[],
         "clusters":[0]}
        """
            .formatted(cluster, member, lastIndex),
        OptionalLong.empty());
  }

  private static VolumeView lost(String member) {
    return VolumeView.unknown(
        member.substring(0, member.lastIndexOf('-')), member, Path.of(member), "its node is lost");
  }

  private static JsonObject cluster(String name, String... members) {
    return JsonParser.parseString(
            """
            {"metadata":{"name":"%s"},"status":{"epoch":3,
             "members":[{"name":"%s","claim":"a"},{"name":"%s","claim":"b"}]}}
            """
                .formatted(name, members[0], members[1]))
        .getAsJsonObject();
  }
}
