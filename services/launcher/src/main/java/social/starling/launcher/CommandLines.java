package social.starling.launcher;

import java.util.ArrayList;
import java.util.List;

/**
 * The command line of each process, see {@code docs/architecture.md}.
 *
 * <p>Each carries the instance as a JVM property, so that a process can be told from another that
 * was given the same pid later.
 */
final class CommandLines {

  static final String EXPECTED_CLUSTERS = "--expected-clusters";
  static final String ADVERTISE = "--advertise";

  private static final String INSTANCE = "-Dstarling.instance=";

  private final Distribution distribution;
  private final DataDirectory directory;

  CommandLines(Distribution distribution, DataDirectory directory) {
    this.distribution = distribution;
    this.directory = directory;
  }

  /** What {@code ps} shows of the process of this instance. */
  static String mark(String instance) {
    return INSTANCE + instance;
  }

  /**
   * @param state for the addresses of the others
   * @param entry the service
   * @param instance the instance that the process gets
   */
  List<String> of(RunState state, RunState.Entry entry, String instance) {
    Service service = entry.service();
    Kind kind = service.kind();
    List<String> command = new ArrayList<>(distribution.command(service.name(), kind));
    command.add(1, mark(instance));
    Endpoints endpoints = entry.endpoints();
    add(command, "--host", Endpoints.HOST);
    state.domain().ifPresent(domain -> add(command, ADVERTISE, nameIn(domain, service)));
    add(command, "--http-port", String.valueOf(endpoints.httpPort()));
    add(command, "--credential", directory.credential().toString());
    switch (kind) {
      case COORDINATOR -> {
        add(command, "--internal-port", String.valueOf(endpoints.internalPort()));
        add(command, "--dir", directory.of(service).toString());
        add(command, EXPECTED_CLUSTERS, String.valueOf(state.expectedClusters()));
        if (!state.initialised()) {
          command.add("--init");
        }
      }
      case SERVER -> {
        add(command, "--public-port", String.valueOf(endpoints.publicPort()));
        add(command, "--internal-port", String.valueOf(endpoints.internalPort()));
        add(command, "--dir", directory.of(service).toString());
        add(command, "--cluster", service.cluster().orElseThrow());
        add(command, "--member", service.name());
        add(command, "--instance", instance);
        add(command, "--coordinators", coordinators(state));
      }
      case SYNCHRONIZER -> {
        add(command, "--internal-port", String.valueOf(endpoints.internalPort()));
        add(command, "--cluster", service.cluster().orElseThrow());
        add(command, "--instance", instance);
        add(command, "--coordinators", coordinators(state));
      }
      case ROUTER -> {
        add(command, "--public-port", String.valueOf(endpoints.publicPort()));
        add(command, "--internal-port", "0");
        add(command, "--coordinators", coordinators(state));
      }
    }
    return command;
  }

  static String coordinators(RunState state) {
    return String.join(
        ",",
        state.ofKind(Kind.COORDINATOR).stream()
            .map(entry -> {
              Endpoints endpoints = entry.endpoints();
              return state
                  .domain()
                  .map(domain -> nameIn(domain, entry.service()) + ":" + endpoints.internalPort())
                  .orElseGet(endpoints::internalAddress);
            })
            .toList());
  }

  /** What the other processes know the service by. */
  private static String nameIn(String domain, Service service) {
    return service.name() + "." + domain;
  }

  private static void add(List<String> command, String flag, String value) {
    command.add(flag);
    command.add(value);
  }
}
