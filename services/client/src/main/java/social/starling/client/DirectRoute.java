package social.starling.client;

import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import social.starling.common.Errors;
import social.starling.proto.router.v1.LocateResponse;
import social.starling.proto.router.v1.Location;
import social.starling.proto.sns.v1.Reason;

/**
 * The way straight to the members of one cluster.
 *
 * <p>After a failure, in this order:
 *
 * <ol>
 *   <li>NOT_MASTER that names another member, of an epoch that is not older than the one known: it
 *       is next, unless it was silent within the last second;
 *   <li>otherwise the other member is next: a broken connection or silence means that it takes
 *       over, or has done so;
 *   <li>a router is asked again meanwhile, on another thread: nobody waits for it, and without any
 *       router the two members that are known are tried in turn;
 *   <li>once a router has said that the whole cluster is down, it is asked before each attempt, so
 *       that the caller is told so instead of waiting for members that are not there.
 * </ol>
 *
 * <p>A silent member may be one that is stopped, whose slave still names it as master: attempts at
 * it are short for a while, so that they cost little.
 */
final class DirectRoute {

  private static final Duration LIMIT = Duration.ofSeconds(1);
  private static final Duration SHORT_LIMIT = Duration.ofMillis(250);
  private static final Duration AVOIDED = Duration.ofSeconds(1);
  private static final Duration SHORT_FOR = Duration.ofSeconds(5);
  private static final Duration LOCATE_PAUSE = Duration.ofMillis(50);

  private final String cluster;
  private final String user;
  private final Locator locator;
  private final Connections connections;

  private List<String> members = List.of();
  private final Map<String, Long> silentAt = new HashMap<>();
  private String current;
  private String lastGood;
  private long epoch;
  private boolean down;
  private boolean gone;
  private boolean locating;
  private long locatedAt = System.nanoTime() - LOCATE_PAUSE.toNanos();

  /**
   * A way that knows no member yet.
   *
   * @param user whom to ask routers for; lives in the cluster
   */
  DirectRoute(String cluster, String user, Locator locator, Connections connections) {
    this.cluster = cluster;
    this.user = user;
    this.locator = locator;
    this.connections = connections;
  }

  /**
   * Where the next attempt goes.
   *
   * @throws StatusRuntimeException CLUSTER_DOWN when a router says so
   */
  Route.Target target() {
    if (isDown()) {
      locateAgain();
    }
    String address = current();
    return new Route.Target(address, connections.to(address), limit(address));
  }

  synchronized void succeeded(Route.Target target) {
    silentAt.remove(target.address());
    down = false;
    lastGood = target.address();
    if (members.contains(target.address())) {
      current = target.address();
    }
  }

  synchronized void failed(Route.Target target, Verdict verdict, StatusRuntimeException failure) {
    boolean isCurrent = target.address().equals(current);
    switch (verdict) {
      case ELSEWHERE -> elsewhere(target.address(), isCurrent, failure);
      case BROKEN, UNREACHED -> {
        if (failure.getStatus().getCode() == Status.Code.DEADLINE_EXCEEDED) {
          silentAt.put(target.address(), System.nanoTime());
        }
        if (isCurrent) {
          current = other(current);
        }
        relocate();
      }
      case LATER, FINAL -> {
        // It is the right one to ask.
      }
    }
  }

  synchronized boolean left(Route.Target target) {
    return lastGood != null && lastGood.equals(current) && !target.address().equals(current);
  }

  synchronized String next() {
    return current;
  }

  synchronized String described() {
    return "the members of cluster " + cluster + " at " + String.join(", ", members);
  }

  /** The user by whom the cluster is found does not live there: a router must be asked anew. */
  synchronized boolean isGone() {
    return gone;
  }

  private synchronized boolean isDown() {
    return down;
  }

  private void elsewhere(String asked, boolean isCurrent, StatusRuntimeException failure) {
    Map<String, String> metadata = Errors.metadata(failure);
    String master = metadata.getOrDefault("master", "");
    long named = number(metadata.get("epoch"));
    boolean known = !master.isEmpty() && !master.equals(asked) && named >= epoch;
    if (known && (isCurrent || named > epoch) && !avoided(master)) {
      epoch = named;
      current = master;
      if (!members.contains(master)) {
        // A replacement of the member that was lost.
        members = List.of(asked, master);
      }
    } else if (isCurrent && !avoided(other(asked))) {
      current = other(asked);
    }
    relocate();
  }

  private synchronized String current() {
    return current;
  }

  private synchronized Duration limit(String address) {
    return silentWithin(address, SHORT_FOR) ? SHORT_LIMIT : LIMIT;
  }

  private boolean avoided(String address) {
    return silentWithin(address, AVOIDED);
  }

  private boolean silentWithin(String address, Duration time) {
    Long at = silentAt.get(address);
    return at != null && System.nanoTime() - at < time.toNanos();
  }

  private String other(String address) {
    return members.stream().filter(member -> !member.equals(address)).findFirst().orElse(address);
  }

  private void relocate() {
    if (!locating && System.nanoTime() - locatedAt > LOCATE_PAUSE.toNanos()) {
      locating = true;
      Thread.ofVirtual().name("locate").start(this::relocateNow);
    }
  }

  private void relocateNow() {
    try {
      locateAgain();
    } catch (StatusRuntimeException | IllegalStateException e) {
      // The members that are known are tried in turn, and the router again after the next failure.
    } finally {
      relocated();
    }
  }

  private synchronized void relocated() {
    locating = false;
    locatedAt = System.nanoTime();
  }

  private void locateAgain() {
    try {
      learn(locator.locate(user));
    } catch (StatusRuntimeException e) {
      boolean said = Errors.reason(e).filter(Reason.CLUSTER_DOWN::equals).isPresent();
      toldDown(said);
      if (said) {
        throw e;
      }
    }
  }

  private synchronized void toldDown(boolean said) {
    down = said;
  }

  /** Learns what a router says; an answer about another cluster says that this one has gone. */
  synchronized void learn(LocateResponse answer) {
    down = false;
    gone = !answer.getCluster().equals(cluster);
    if (gone || answer.getEpoch() < epoch) {
      return;
    }
    List<String> named = new ArrayList<>();
    String master = null;
    for (Location member : answer.getMembersList()) {
      if (!member.getAddress().isEmpty()) {
        named.add(member.getAddress());
        if (member.getMaster()) {
          master = member.getAddress();
        }
      }
    }
    if (named.isEmpty()) {
      return;
    }
    members = List.copyOf(named);
    boolean newer = answer.getEpoch() > epoch && master != null && !avoided(master);
    if (newer || current == null || !members.contains(current)) {
      current = master != null ? master : members.getFirst();
    }
    epoch = answer.getEpoch();
  }

  private static long number(String text) {
    try {
      return text == null ? 0 : Long.parseLong(text);
    } catch (NumberFormatException e) {
      return 0;
    }
  }
}
