package social.starling.router;

import io.grpc.Context;
import java.time.Duration;
import java.util.concurrent.CancellationException;

/**
 * One try to have a call served by one member. Its calls are made in its context, so that they end
 * when it is abandoned: because another has become master, and the answer of this one, if it ever
 * comes, is of no use. Closed by the thread that made it; abandoned by any.
 */
final class Attempt implements AutoCloseable {

  private final Cluster cluster;
  private final ClusterRoute route;
  private final Upstream upstream;
  private final boolean named;
  private final Context.CancellableContext context;
  private volatile boolean abandoned;

  /**
   * @param named whether the map or a member says that this one is master
   */
  Attempt(Cluster cluster, ClusterRoute route, Upstream upstream, boolean named) {
    this.cluster = cluster;
    this.route = route;
    this.upstream = upstream;
    this.named = named;
    this.context = Context.current().withCancellation();
    cluster.begin(this);
  }

  Cluster cluster() {
    return cluster;
  }

  ClusterRoute route() {
    return route;
  }

  Upstream upstream() {
    return upstream;
  }

  Context context() {
    return context;
  }

  /**
   * How long to wait for this member at most. One that is no master should say so at once, and so
   * should one that the coordinators do not hear; and while no coordinator can be heard, one that
   * hangs may have lost its place without our knowing.
   */
  Duration bound(Duration left, Router router) {
    Patience patience = router.patience();
    Duration most = left;
    if (!named || route.down()) {
      most = patience.probe();
    } else if (router.routes().age().compareTo(patience.stale()) > 0) {
      most = patience.hang();
    }
    return left.compareTo(most) < 0 ? left : most;
  }

  boolean isOvertakenBy(ClusterRoute newer) {
    return newer.name().equals(route.name())
        && newer.epoch() > route.epoch()
        && newer.masterRoute().filter(m -> !m.address().equals(upstream.address())).isPresent();
  }

  void abandon() {
    abandoned = true;
    context.cancel(new CancellationException("another member has become master"));
  }

  boolean isAbandoned() {
    return abandoned;
  }

  @Override
  public void close() {
    cluster.end(this);
    context.cancel(null);
  }
}
