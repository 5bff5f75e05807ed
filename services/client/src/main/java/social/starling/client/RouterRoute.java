package social.starling.client;

import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.List;

/** Through the routers: one of them, until it fails; then the next. */
final class RouterRoute implements Route, Routing {

  /** A router retries for us, but it may hang itself: with others there, waiting has an end. */
  private static final Duration LIMIT_WITH_OTHERS = Duration.ofSeconds(2);

  private final List<String> routers;
  private final Connections connections;
  private final Duration limit;
  private int current;

  RouterRoute(List<String> routers, Connections connections, Duration deadline) {
    this.routers = routers;
    this.connections = connections;
    this.limit =
        routers.size() > 1 && LIMIT_WITH_OTHERS.compareTo(deadline) < 0
            ? LIMIT_WITH_OTHERS
            : deadline;
  }

  /** All homes are reached the same way. */
  @Override
  public Route toHomeOf(String name) {
    return this;
  }

  @Override
  public Target target() {
    String address = next();
    return new Target(address, connections.to(address), limit);
  }

  @Override
  public void succeeded(Target target) {
    // The current router stays the current one until it fails.
  }

  @Override
  public synchronized void failed(Target target, Verdict verdict, StatusRuntimeException failure) {
    boolean broken = verdict == Verdict.BROKEN || verdict == Verdict.UNREACHED;
    if (broken && target.address().equals(routers.get(current))) {
      current = (current + 1) % routers.size();
    }
  }

  @Override
  public boolean left(Target target) {
    return false;
  }

  @Override
  public synchronized String next() {
    return routers.get(current);
  }

  @Override
  public String described() {
    return routers.size() == 1
        ? "the router at " + routers.getFirst()
        : "any of the routers " + String.join(", ", routers);
  }
}
