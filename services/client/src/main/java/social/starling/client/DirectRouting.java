package social.starling.client;

import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import social.starling.common.Errors;
import social.starling.proto.router.v1.LocateResponse;
import social.starling.proto.sns.v1.Reason;

/**
 * Straight to the members of each user's cluster, which a router names once. What is learned of a
 * cluster's members serves all of its users. Thread-safe.
 */
final class DirectRouting implements Routing {

  private final Locator locator;
  private final Connections connections;
  private final Map<String, DirectRoute> clusters = new ConcurrentHashMap<>();

  DirectRouting(RouterRoute routers, Connections connections) {
    this.locator = new Locator(routers);
    this.connections = connections;
  }

  @Override
  public Route toHomeOf(String name) {
    return new ToHome(name);
  }

  private DirectRoute located(String name) {
    LocateResponse answer = locator.locate(name);
    if (answer.getMembersList().stream().allMatch(member -> member.getAddress().isEmpty())) {
      throw Errors.of(
          Status.Code.UNAVAILABLE,
          Reason.CLUSTER_DOWN,
          "the router knows no address of a member of " + name + "'s cluster",
          Map.of("cluster", answer.getCluster()));
    }
    DirectRoute route =
        clusters.computeIfAbsent(
            answer.getCluster(), cluster -> new DirectRoute(cluster, name, locator, connections));
    route.learn(answer);
    return route;
  }

  /** The way to one user's home: to the members of its cluster once that is known. */
  private final class ToHome implements Route {

    private final String name;
    private volatile DirectRoute members;

    ToHome(String name) {
      this.name = name;
    }

    @Override
    public Target target() {
      DirectRoute known = members;
      if (known == null || known.isGone()) {
        known = located(name);
        members = known;
      }
      return known.target();
    }

    @Override
    public void succeeded(Target target) {
      DirectRoute known = members;
      if (known != null) {
        known.succeeded(target);
      }
    }

    @Override
    public void failed(Target target, Verdict verdict, StatusRuntimeException failure) {
      DirectRoute known = members;
      if (Errors.reason(failure).filter(Reason.WRONG_CLUSTER::equals).isPresent()) {
        // The name lives elsewhere by now: the members are right for others.
        members = null;
      } else if (known != null) {
        known.failed(target, verdict, failure);
      }
    }

    @Override
    public boolean left(Target target) {
      DirectRoute known = members;
      return known != null && known.left(target);
    }

    @Override
    public String next() {
      DirectRoute known = members;
      return known == null ? locator.next() : known.next();
    }

    @Override
    public String described() {
      DirectRoute known = members;
      return known == null ? locator.described() : known.described();
    }
  }
}
