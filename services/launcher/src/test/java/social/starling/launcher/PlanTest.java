package social.starling.launcher;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.IntPredicate;
import org.junit.jupiter.api.Test;
import social.starling.common.StartException;

class PlanTest {

  private static final IntPredicate ALL_FREE = port -> true;
  private static final Set<String> NOBODY = Set.of();

  @Test
  void shouldPlanTwoServersAndASynchronizerForEachOfThreeClustersOnANewDirectory() {
    Plan plan = plan(RunState.NEW, OptionalInt.empty(), OptionalInt.empty(), NOBODY, ALL_FREE);

    assertThat(plan.state().services().keySet())
        .containsExactly(
            "coordinator",
            "alpha-1",
            "alpha-2",
            "alpha-synchronizer",
            "beta-1",
            "beta-2",
            "beta-synchronizer",
            "gamma-1",
            "gamma-2",
            "gamma-synchronizer",
            "router");
    assertThat(plan.state().expectedClusters()).isEqualTo(3);
    assertThat(port(plan, "router")).isEqualTo(4600);
    assertThat(plan.state().initialised()).isFalse();
    assertThat(plan.remarks()).isEmpty();
  }

  @Test
  void shouldGiveNoPortTwice() {
    Plan plan = plan(RunState.NEW, OptionalInt.of(24), OptionalInt.empty(), NOBODY, ALL_FREE);

    List<Integer> ports =
        plan.state().services().values().stream()
            .flatMapToInt(entry -> entry.endpoints().ports())
            .boxed()
            .toList();
    assertThat(ports).hasSize(2 + 24 * (2 * 3 + 2) + 2).doesNotHaveDuplicates();
  }

  @Test
  void shouldKeepPortsOverRestarts() {
    RunState before = planned(2);

    Plan again = plan(before, OptionalInt.empty(), OptionalInt.empty(), NOBODY, ALL_FREE);

    assertThat(again.state()).isEqualTo(before);
    assertThat(again.replaced()).isEmpty();
  }

  @Test
  void shouldChooseAnotherPortWhenAStrangerTookAServersOne() {
    RunState before = planned(1);
    int taken = before.entry("alpha-1").orElseThrow().endpoints().publicPort();

    Plan plan =
        plan(before, OptionalInt.empty(), OptionalInt.empty(), NOBODY, port -> port != taken);

    assertThat(port(plan, "alpha-1")).isNotEqualTo(taken);
    assertThat(plan.remarks()).singleElement().asString().contains("alpha-1", "" + taken);
  }

  @Test
  void shouldRefuseInASentenceWhenTheRoutersPortIsTaken() {
    assertThatThrownBy(() ->
            plan(
                RunState.NEW,
                OptionalInt.empty(),
                OptionalInt.of(4700),
                NOBODY,
                port -> port != 4700))
        .isInstanceOf(StartException.class)
        .hasMessage(
            "port 4700, where the router should listen, is in use by another process;"
                + " choose another with --router-port");
  }

  @Test
  void shouldAdoptARouterThatHoldsItsPortItself() {
    RunState before = running(planned(1), "router");

    Plan plan =
        plan(
            before,
            OptionalInt.empty(),
            OptionalInt.empty(),
            Set.of("router"),
            port -> port != 4600);

    assertThat(plan.replaced()).isEmpty();
    assertThat(port(plan, "router")).isEqualTo(4600);
  }

  @Test
  void shouldReplaceARouterThatRunsWhenAnotherPortIsAskedFor() {
    RunState before = running(planned(1), "router");

    Plan plan = plan(before, OptionalInt.empty(), OptionalInt.of(4777), Set.of("router"), ALL_FREE);

    assertThat(plan.replaced()).containsExactly("router");
    assertThat(port(plan, "router")).isEqualTo(4777);
  }

  @Test
  void shouldReplaceThoseThatRunWhenTheCoordinatorHadToMove() {
    RunState before = running(running(planned(1), "router"), "alpha-1");
    int taken = before.entry("coordinator").orElseThrow().endpoints().internalPort();

    Plan plan =
        plan(
            before,
            OptionalInt.empty(),
            OptionalInt.empty(),
            Set.of("router", "alpha-1"),
            port -> port != taken);

    assertThat(plan.replaced()).containsExactlyInAnyOrder("router", "alpha-1");
  }

  @Test
  void shouldReplaceThoseThatRunWhenTheyAreToKnowEachOtherByOtherNames() {
    RunState before = running(running(planned(1), "router"), "alpha-1");
    Set<String> alive = Set.of("router", "alpha-1");
    Plan.Wish wish =
        new Plan.Wish(OptionalInt.empty(), OptionalInt.empty())
            .withDomain(Optional.of("starling.test"));

    Plan named = Plan.of(before, wish, alive, ALL_FREE);

    assertThat(named.replaced()).isEqualTo(alive);
    assertThat(named.state().domain()).contains("starling.test");
    assertThat(Plan.of(named.state(), wish, alive, ALL_FREE).replaced()).isEmpty();
  }

  @Test
  void shouldKeepTheNamesBelowWhichTheProcessesKnowEachOther() {
    RunState before = planned(1).withDomain("starling.test");

    Plan again = plan(before, OptionalInt.empty(), OptionalInt.empty(), NOBODY, ALL_FREE);

    assertThat(again.state().domain()).contains("starling.test");
    assertThat(again.replaced()).isEmpty();
  }

  @Test
  void shouldKeepTheNumberOfClustersThatADirectoryBeganWith() {
    assertThat(
            plan(planned(2), OptionalInt.empty(), OptionalInt.empty(), NOBODY, ALL_FREE)
                .state()
                .clusters())
        .containsExactly("alpha", "beta");
    assertThat(
            plan(planned(2), OptionalInt.of(2), OptionalInt.empty(), NOBODY, ALL_FREE)
                .state()
                .clusters())
        .containsExactly("alpha", "beta");
  }

  @Test
  void shouldSayHowToAddAClusterWhenAnotherNumberIsAskedFor() {
    assertThatThrownBy(
            () -> plan(planned(2), OptionalInt.of(3), OptionalInt.empty(), NOBODY, ALL_FREE))
        .isInstanceOf(StartException.class)
        .hasMessage(
            "clusters here: alpha, beta; --clusters 3 does not change that: start them without it,"
                + " then: starling admin add-cluster NAME");
    assertThatThrownBy(
            () -> plan(planned(2), OptionalInt.of(1), OptionalInt.empty(), NOBODY, ALL_FREE))
        .hasMessageEndingWith("starling admin forget-cluster NAME");
  }

  @Test
  void shouldAddClustersThatAreWantedAndLeaveTheCoordinatorAlone() {
    RunState before = running(planned(1), "coordinator");

    Plan plan =
        Plan.of(
            before,
            new Plan.Wish(OptionalInt.empty(), OptionalInt.empty())
                .withMore(List.of("alpha", "delta")),
            Set.of("coordinator"),
            ALL_FREE);

    assertThat(plan.state().clusters()).containsExactly("alpha", "delta");
    assertThat(plan.state().expectedClusters()).isEqualTo(1);
    assertThat(plan.state().services().keySet())
        .contains("delta-1", "delta-2", "delta-synchronizer");
    assertThat(plan.replaced()).isEmpty();
  }

  @Test
  void shouldForgetTheServicesOfAForgottenCluster() {
    RunState state = planned(2).withoutCluster("beta");

    assertThat(state.clusters()).containsExactly("alpha");
    assertThat(state.services().keySet())
        .containsExactly("coordinator", "alpha-1", "alpha-2", "alpha-synchronizer", "router");
  }

  @Test
  void shouldRefuseMoreClustersThanThereAreNames() {
    assertThatThrownBy(
            () -> plan(RunState.NEW, OptionalInt.of(25), OptionalInt.empty(), NOBODY, ALL_FREE))
        .isInstanceOf(StartException.class)
        .hasMessage("--clusters is 25; it can be 1 to 24");
  }

  private static RunState planned(int clusters) {
    return plan(RunState.NEW, OptionalInt.of(clusters), OptionalInt.empty(), NOBODY, ALL_FREE)
        .state();
  }

  private static RunState running(RunState state, String name) {
    ProcessRecord process =
        new ProcessRecord(
            7,
            Instant.EPOCH,
            "instance",
            List.of(CommandLines.EXPECTED_CLUSTERS, "" + state.clusters().size()));
    return state.withProcess(name, Optional.of(process));
  }

  private static Plan plan(
      RunState state,
      OptionalInt clusters,
      OptionalInt routerPort,
      Set<String> alive,
      IntPredicate free) {
    return Plan.of(state, new Plan.Wish(clusters, routerPort), alive, free);
  }

  private static int port(Plan plan, String name) {
    return plan.state().entry(name).orElseThrow().endpoints().publicPort();
  }
}
