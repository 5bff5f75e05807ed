package social.starling.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonParser;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import social.starling.proto.coordinator.v1.ClusterEntry;
import social.starling.proto.coordinator.v1.ClusterStatus;
import social.starling.proto.coordinator.v1.Configuration;
import social.starling.proto.coordinator.v1.GetStatusResponse;
import social.starling.proto.coordinator.v1.GivenNumber;
import social.starling.proto.coordinator.v1.InSyncMember;
import social.starling.proto.coordinator.v1.SlotOwner;
import social.starling.proto.coordinator.v1.Standing;

/** What is worked out from volumes. */
class RebuiltTest {

  @Test
  void shouldNameTheMemberWhoseJournalIsFurthestByEpochThenIndex() {
    Rebuilt rebuilt =
        Rebuilt.of(
            List.of(
                alpha(1).journal(900, 7).promised(9).view(),
                alpha(2).journal(850, 8).promised(8).view()));
    Configuration configuration = rebuilt.state().getClusters(0).getConfiguration();
    assertThat(configuration.getMaster()).isEqualTo("alpha-2");
    assertThat(configuration.getInSyncList())
        .containsExactly(
            InSyncMember.newBuilder().setMember("alpha-2").setVolume("v-alpha-2").build());
    assertThat(configuration.getEpoch()).isEqualTo(1_000_009);
    assertThat(configuration.getMasterInstance()).isEmpty();
    assertThat(rebuilt.losses()).isEmpty();
    assertThat(rebuilt.contradictions()).isEmpty();

    assertThat(
            Rebuilt.of(List.of(alpha(1).journal(900, 7).view(), alpha(2).journal(901, 7).view()))
                .rows()
                .getFirst()
                .chosen()
                .orElseThrow()
                .member())
        .isEqualTo("alpha-2");
  }

  @Test
  void shouldNameTheMemberThatServesWhateverWasReadOfTheOther() {
    Rebuilt rebuilt =
        Rebuilt.of(
            List.of(alpha(1).journal(900, 7).open(7).view(), alpha(2).journal(950, 7).view()));
    assertThat(rebuilt.rows().getFirst().chosen().orElseThrow().member()).isEqualTo("alpha-1");
    assertThat(rebuilt.rows().getFirst().why()).isEqualTo("it serves");
  }

  @Test
  void shouldNotNameAMemberThatServesInAnEpochThatAnotherHasEndedUnheard() {
    Rebuilt rebuilt =
        Rebuilt.of(
            List.of(alpha(1).journal(900, 5).open(5).view(), alpha(2).journal(870, 6).view()));
    assertThat(rebuilt.rows().getFirst().chosen().orElseThrow().member()).isEqualTo("alpha-2");
    assertThat(rebuilt.rows().getFirst().why()).isEqualTo("its journal is furthest");
  }

  @Test
  void shouldSayWhatMayBeLostWhenAVolumeCannotBeRead() {
    VolumeView gone =
        VolumeView.unknown("alpha", "alpha-2", Path.of("/d/alpha-2"), "there is no such directory");
    Rebuilt rebuilt = Rebuilt.of(List.of(alpha(1).journal(900, 7).promised(7).view(), gone));
    assertThat(rebuilt.losses())
        .singleElement()
        .asString()
        .contains("alpha-2", "no such directory", "entries up to 900 (epoch 7) of alpha-1");
    assertThat(rebuilt.state().getClusters(0).getConfiguration().getEpoch()).isEqualTo(1_000_007);

    VolumeView damaged = alpha(2).journal(950, 8).promised(12).trouble("it is damaged").view();
    assertThat(
            Rebuilt.of(List.of(alpha(1).journal(900, 7).view(), damaged))
                .state()
                .getClusters(0)
                .getConfiguration())
        .satisfies(configuration -> {
          assertThat(configuration.getMaster()).isEqualTo("alpha-1");
          assertThat(configuration.getEpoch()).isEqualTo(1_000_012);
        });
  }

  @Test
  void shouldNotUseTheVolumeOfAnotherCluster() {
    Rebuilt rebuilt =
        Rebuilt.of(
            List.of(alpha(1).journal(9, 1).view(), alpha(2).journal(99, 5).own("beta").view()));
    assertThat(rebuilt.rows().getFirst().chosen().orElseThrow().member()).isEqualTo("alpha-1");
    assertThat(rebuilt.losses()).singleElement().asString().contains("it belongs to cluster beta");
  }

  @Test
  void shouldLeaveSlotsWhereTheUsersAreThenWhereTheNewestClaimIs() {
    Rebuilt rebuilt =
        Rebuilt.of(
            List.of(
                alpha(1).slots(6, 0, 600).users(500).view(),
                alpha(2).never().view(),
                beta(1).slots(8, 490, 1000).view(),
                beta(2).never().view()));
    assertThat(rebuilt.slotsOf("alpha").get(489)).isTrue();
    assertThat(rebuilt.slotsOf("beta").get(490)).isTrue();
    assertThat(rebuilt.slotsOf("alpha").get(500)).isTrue();
    assertThat(rebuilt.slotsOf("beta").get(501)).isTrue();
    BitSet all = rebuilt.slotsOf("alpha");
    assertThat(all.intersects(rebuilt.slotsOf("beta"))).isFalse();
    all.or(rebuilt.slotsOf("beta"));
    assertThat(all.cardinality()).isEqualTo(1024);
    assertThat(rebuilt.state().getSlots().getVersion()).isEqualTo(1_000_010).isEven();
  }

  @Test
  void shouldGiveSlotsThatNobodyClaimsToWhoHasTheFewest() {
    Rebuilt rebuilt =
        Rebuilt.of(List.of(alpha(1).slots(6, 0, 300).view(), beta(1).slots(6, 300, 400).view()));
    assertThat(rebuilt.slotsOf("alpha").cardinality()).isEqualTo(512);
    assertThat(rebuilt.slotsOf("beta").cardinality()).isEqualTo(512);
  }

  @Test
  void shouldDealOutNothingThatWasNeverDealtOut() {
    Rebuilt rebuilt = Rebuilt.of(List.of(alpha(1).view(), beta(1).view()));
    assertThat(rebuilt.state().getSlots().getSlotsCount()).isZero();
  }

  @Test
  void shouldKeepNumbersAndGiveNewOnesAboveAllThatAnyVolumeKnows() {
    Rebuilt rebuilt =
        Rebuilt.of(
            List.of(
                alpha(1).slots(6, 0, 1024).knows(0, 5).view(),
                beta(1).never().view(),
                beta(2).never().view(),
                VolumeView.unknown("gamma", "gamma-1", Path.of("g1"), "gone"),
                VolumeView.unknown("gamma", "gamma-2", Path.of("g2"), "gone")));
    assertThat(rebuilt.state().getClustersList())
        .extracting(ClusterEntry::getNumber)
        .containsExactly(0, 6, 7);
    assertThat(rebuilt.state().getSlots().getNumbersList())
        .extracting(GivenNumber::getNumber)
        .containsExactly(0, 5, 6, 7);
    assertThat(rebuilt.state().getSlots().getNumbersList())
        .extracting(GivenNumber::getStanding)
        .containsExactly(Standing.SETTLED, Standing.SETTLED, Standing.JOINING, Standing.JOINING);
    assertThat(rebuilt.state().getClusters(1).getConfiguration().getEpoch()).isZero();
    assertThat(rebuilt.losses())
        .singleElement()
        .asString()
        .contains("Nothing of cluster gamma can be read");
  }

  @Test
  void shouldWriteNothingFromVolumesThatContradictEachOther() {
    contradicts("same id", alpha(1).id("v").view(), alpha(2).id("v").view());
    contradicts("different numbers", alpha(1).view(), alpha(2).number(3).view());
    contradicts("Two clusters have number 0", alpha(1).view(), beta(1).number(0).view());
    contradicts("tells its number", alpha(1).own(null).view());
    contradicts("Users of slot 7", alpha(1).users(7).view(), beta(1).users(7).view());
  }

  @Test
  void shouldKnowACoordinatorThatIsOfUse() {
    List<VolumeView> volumes = List.of(alpha(1).promised(7).slots(6, 0, 512).users(9).view());
    GetStatusResponse.Builder status =
        GetStatusResponse.newBuilder()
            .addClusters(
                ClusterStatus.newBuilder()
                    .setName("alpha")
                    .setConfiguration(Configuration.newBuilder().setEpoch(7)))
            .addSlots(SlotOwner.newBuilder().setTo(512).setCluster("alpha"));
    assertThat(RebuildCommand.isUsable(status.build(), volumes)).isTrue();
    status.getSlotsBuilder(0).setTo(9);
    assertThat(RebuildCommand.isUsable(status.build(), volumes)).isFalse();
    status.getSlotsBuilder(0).setTo(10);
    status.getClustersBuilder(0).getConfigurationBuilder().setEpoch(6);
    assertThat(RebuildCommand.isUsable(status.build(), volumes)).isFalse();
    assertThat(RebuildCommand.isUsable(GetStatusResponse.getDefaultInstance(), volumes)).isFalse();
  }

  @Test
  void shouldTellFromMetricsWhoServes() {
    String metrics =
        """
        # TYPE starling_open gauge
        starling_open{cluster="alpha",member="alpha-1",process="server"} 1.0
        starling_epoch{cluster="alpha",member="alpha-1",process="server"} 1000007.0
        starling_epoch_other 3.0
        """;
    assertThat(OpenEpoch.in(metrics)).hasValue(1_000_007);
    assertThat(OpenEpoch.in(metrics.replace("} 1.0", "} 0.0"))).isEmpty();
    assertThat(OpenEpoch.in("")).isEmpty();
    assertThat(OpenEpoch.in(metrics.replace("1000007.0", "1.000007E6"))).hasValue(1_000_007);
  }

  @Test
  void shouldShowWhatItFoundAndMadeToPeopleAndPrograms() {
    List<VolumeView> volumes =
        List.of(
            alpha(1).journal(900, 7).promised(7).slots(6, 0, 1024).view(),
            VolumeView.unknown("alpha", "alpha-2", Path.of("/d/alpha-2"), "no volume is there"));
    Rebuilt rebuilt = Rebuilt.of(volumes);
    assertThat(RebuildFormat.text(volumes, rebuilt))
        .contains("alpha-1  v-alpha-1  7         900 (epoch 7)  0      can be used")
        .contains("alpha-2  -", "no volume is there")
        .contains("alpha    0       1000007  alpha-1  its journal is furthest  1024: 0-1023")
        .endsWith("Slots have version 1000008.");
    assertThat(
            JsonParser.parseString(RebuildFormat.json(volumes, rebuilt, false)).getAsJsonObject())
        .satisfies(json -> {
          assertThat(json.getAsJsonArray("volumes")).hasSize(2);
          assertThat(json.getAsJsonArray("losses")).hasSize(1);
          assertThat(
                  json.getAsJsonArray("clusters").get(0).getAsJsonObject().get("epoch").getAsInt())
              .isEqualTo(1_000_007);
        });
  }

  @Test
  void shouldTakeALineThatMakesNoSenseForAVolumeThatCannotBeRead() {
    for (String line : List.of("", "null", "{}", "[3]", "{\"clusters\":[]}")) {
      assertThat(
              VolumeView.read("alpha", "alpha-1", Path.of("d"), line, OptionalLong.empty())
                  .useless())
          .as(line)
          .isPresent();
    }
  }

  private static void contradicts(String why, VolumeView... volumes) {
    assertThat(String.join(" ", Rebuilt.of(List.of(volumes)).contradictions())).contains(why);
  }

  private static Volume alpha(int member) {
    return new Volume("alpha", member, 0);
  }

  private static Volume beta(int member) {
    return new Volume("beta", member, 1);
  }

  /** A view in the making: used, of its own cluster, with nothing in it. */
  private static final class Volume {
    private final String cluster;
    private final String member;
    private Optional<String> own;
    private Optional<String> trouble = Optional.empty();
    private OptionalLong open = OptionalLong.empty();
    private int number;
    private String id;
    private boolean used = true;
    private long promised = 1;
    private long lastIndex = 1;
    private long lastEpoch = 1;
    private long slotsVersion;
    private final BitSet slots = new BitSet();
    private final BitSet users = new BitSet();
    private final TreeSet<Integer> known = new TreeSet<>();

    Volume(String cluster, int member, int number) {
      this.cluster = cluster;
      this.member = cluster + "-" + member;
      this.own = Optional.of(cluster);
      this.number = number;
      this.id = "v-" + this.member;
    }

    Volume journal(long index, long epoch) {
      lastIndex = index;
      lastEpoch = epoch;
      return this;
    }

    Volume promised(long epoch) {
      promised = epoch;
      return this;
    }

    Volume open(long epoch) {
      open = OptionalLong.of(epoch);
      return this;
    }

    Volume trouble(String sentence) {
      trouble = Optional.of(sentence);
      return this;
    }

    Volume own(String name) {
      own = Optional.ofNullable(name);
      return this;
    }

    Volume number(int other) {
      number = other;
      return this;
    }

    Volume id(String other) {
      id = other;
      return this;
    }

    Volume slots(long version, int from, int to) {
      slotsVersion = version;
      slots.set(from, to);
      return this;
    }

    Volume users(int slot) {
      users.set(slot);
      return this;
    }

    Volume knows(Integer... numbers) {
      known.addAll(Set.of(numbers));
      return this;
    }

    Volume never() {
      used = false;
      own = Optional.empty();
      promised = 0;
      lastIndex = 0;
      lastEpoch = 0;
      return this;
    }

    VolumeView view() {
      return new VolumeView(
          cluster,
          member,
          Path.of("/d", member),
          trouble,
          open,
          own,
          number,
          id,
          used,
          promised,
          lastIndex,
          lastEpoch,
          0,
          slotsVersion,
          slots,
          users,
          known);
    }
  }
}
