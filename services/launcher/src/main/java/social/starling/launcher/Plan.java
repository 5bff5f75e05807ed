package social.starling.launcher;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.IntPredicate;
import social.starling.common.ExitCode;
import social.starling.common.StartException;

/**
 * What ought to run on a data directory, worked out from what is recorded there and what is asked.
 *
 * @param state the record with every service and its ports
 * @param replaced services whose running process must be ended because it does not fit any longer
 * @param remarks what a person should know, in sentences
 */
record Plan(RunState state, Set<String> replaced, List<String> remarks) {

  static final int DEFAULT_ROUTER_PORT = 4600;
  static final int DEFAULT_CLUSTERS = 3;

  /**
   * What is asked.
   *
   * @param clusters number of clusters of a new directory; empty: as many as are recorded, or 3
   * @param routerPort public port of the router; empty: the recorded one, or 4600
   * @param more names of clusters that there should be besides those that are recorded
   * @param domain below which the processes know each other; empty: as recorded
   */
  record Wish(
      OptionalInt clusters, OptionalInt routerPort, List<String> more, Optional<String> domain) {

    Wish {
      more = List.copyOf(more);
    }

    /** What a person asks of {@code up}. */
    Wish(OptionalInt clusters, OptionalInt routerPort) {
      this(clusters, routerPort, List.of(), Optional.empty());
    }

    /** That there be these clusters too. */
    Wish withMore(List<String> names) {
      return new Wish(clusters, routerPort, names, domain);
    }

    /** That the processes know each other by names below this one. */
    Wish withDomain(Optional<String> name) {
      return new Wish(clusters, routerPort, more, name);
    }
  }

  Plan {
    replaced = Set.copyOf(replaced);
    remarks = List.copyOf(remarks);
  }

  /**
   * Works it out.
   *
   * @param recorded what is recorded
   * @param alive names of the services whose recorded process runs
   * @param free whether a port can be listened on now
   * @throws StartException when the router's port is taken, or another number of clusters is asked
   *     for than there is
   */
  static Plan of(RunState recorded, Wish wish, Set<String> alive, IntPredicate free) {
    return new Planning(recorded, wish, alive, free).plan();
  }

  private static final class Planning {

    private final Wish wish;
    private final Set<String> alive;
    private final IntPredicate free;
    private final Ports ports;
    private final Set<String> replaced = new LinkedHashSet<>();
    private final List<String> remarks = new ArrayList<>();
    private RunState state;

    Planning(RunState recorded, Wish wish, Set<String> alive, IntPredicate free) {
      this.state = recorded;
      this.wish = wish;
      this.alive = alive;
      this.free = free;
      int routerPort = routerPort();
      this.ports = new Ports(Math.min(routerPort + 1, 65_000), free);
      ports.reserve(routerPort);
      recorded.services().values().stream()
          .flatMapToInt(entry -> entry.endpoints().ports())
          .forEach(ports::reserve);
    }

    Plan plan() {
      planDomain();
      planClusters();
      planCoordinator();
      for (String cluster : state.clusters()) {
        for (String member : ClusterNames.members(cluster)) {
          planServer(Service.server(cluster, member));
        }
        planSynchronizer(Service.synchronizer(cluster));
      }
      planRouter();
      return new Plan(state, replaced, remarks);
    }

    private void planDomain() {
      Optional<String> wanted = wish.domain();
      if (wanted.isPresent() && !wanted.equals(state.domain())) {
        // Those that run know each other by other names.
        replaced.addAll(alive);
        state = state.withDomain(wanted.get());
      }
    }

    private void planClusters() {
      List<String> recorded = state.clusters();
      if (recorded.isEmpty()) {
        int number = wish.clusters().orElse(DEFAULT_CLUSTERS);
        if (number < 1 || number > ClusterNames.MAX) {
          throw new StartException(
              ExitCode.USAGE,
              "--clusters is %d; it can be 1 to %d".formatted(number, ClusterNames.MAX));
        }
        state = state.withFirstClusters(ClusterNames.first(number));
        return;
      }
      int number = wish.clusters().orElse(recorded.size());
      if (number != recorded.size()) {
        throw new StartException(
            ExitCode.USAGE,
            ("clusters here: %s; --clusters %d does not change that: start them without it, then:"
                    + " starling admin %s NAME")
                .formatted(
                    String.join(", ", recorded),
                    number,
                    number > recorded.size() ? "add-cluster" : "forget-cluster"));
      }
      List<String> all = new ArrayList<>(recorded);
      wish.more().stream().filter(name -> !recorded.contains(name)).forEach(all::add);
      state = state.withClusters(all);
    }

    private void planCoordinator() {
      Service service = Service.coordinator();
      Optional<Endpoints> known = endpoints(service);
      int expected = state.expectedClusters();
      if (known.isPresent() && runs(service) && !expects(service, expected)) {
        replaced.add(service.name());
      }
      Endpoints endpoints =
          new Endpoints(
              0,
              port(service, known.map(Endpoints::internalPort)),
              port(service, known.map(Endpoints::httpPort)));
      boolean moved = known.isPresent() && known.get().internalPort() != endpoints.internalPort();
      if (moved) {
        // Those that run know the old address only.
        state.services().values().stream()
            .map(RunState.Entry::service)
            .filter(other -> other.kind() != Kind.COORDINATOR && runs(other))
            .forEach(other -> replaced.add(other.name()));
      }
      put(service, endpoints);
    }

    private boolean expects(Service service, int clusters) {
      List<String> command =
          state.entry(service.name()).orElseThrow().process().orElseThrow().command();
      int flag = command.indexOf(CommandLines.EXPECTED_CLUSTERS);
      return flag >= 0 && command.get(flag + 1).equals(String.valueOf(clusters));
    }

    private void planServer(Service service) {
      Optional<Endpoints> known = endpoints(service);
      put(
          service,
          new Endpoints(
              port(service, known.map(Endpoints::publicPort)),
              port(service, known.map(Endpoints::internalPort)),
              port(service, known.map(Endpoints::httpPort))));
    }

    private void planSynchronizer(Service service) {
      Optional<Endpoints> known = endpoints(service);
      put(
          service,
          new Endpoints(
              0,
              port(service, known.map(Endpoints::internalPort)),
              port(service, known.map(Endpoints::httpPort))));
    }

    private void planRouter() {
      Service service = Service.router();
      Optional<Endpoints> known = endpoints(service);
      int wanted = routerPort();
      boolean kept = runs(service) && known.orElseThrow().publicPort() == wanted;
      if (!kept) {
        if (runs(service)) {
          replaced.add(service.name());
        }
        if (!free.test(wanted)) {
          throw new StartException(
              ExitCode.FAILED,
              ("port %d, where the router should listen, is in use by another process;"
                      + " choose another with --router-port")
                  .formatted(wanted));
        }
      }
      put(service, new Endpoints(wanted, 0, port(service, known.map(Endpoints::httpPort))));
    }

    private int routerPort() {
      return wish.routerPort()
          .orElse(
              endpoints(Service.router()).map(Endpoints::publicPort).orElse(DEFAULT_ROUTER_PORT));
    }

    private Optional<Endpoints> endpoints(Service service) {
      return state.entry(service.name()).map(RunState.Entry::endpoints);
    }

    private boolean runs(Service service) {
      return alive.contains(service.name());
    }

    /** The recorded port if the service has it or can have it, or else another. */
    private int port(Service service, Optional<Integer> known) {
      if (known.isPresent() && (runs(service) || free.test(known.get()))) {
        return known.get();
      }
      int chosen = ports.choose();
      known.ifPresent(port ->
          remarks.add(
              "Port %d of %s is in use by another process: it gets %d."
                  .formatted(port, service.name(), chosen)));
      return chosen;
    }

    private void put(Service service, Endpoints endpoints) {
      state =
          state.withEntry(
              new RunState.Entry(
                  service,
                  endpoints,
                  state.entry(service.name()).flatMap(RunState.Entry::process)));
    }
  }
}
