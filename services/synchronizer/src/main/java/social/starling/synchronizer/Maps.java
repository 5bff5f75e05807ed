package social.starling.synchronizer;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.Function;
import social.starling.common.Addresses;
import social.starling.common.Published;
import social.starling.proto.coordinator.v1.ClusterEntry;
import social.starling.proto.coordinator.v1.ClusterMap;
import social.starling.proto.coordinator.v1.Member;

/**
 * The map that the synchronizer goes by: what all coordinators have told, merged.
 *
 * <ol>
 *   <li>A cluster is there when a coordinator that is connected has it in its map; while none is
 *       connected, when the last map of any had it.
 *   <li>Of one name the highest number counts: a cluster that was forgotten and recorded anew.
 *   <li>Of its configurations the highest epoch counts, also above what is told now.
 *   <li>Of its addresses the one counts that was told last; when nobody tells any, the last known.
 * </ol>
 *
 * <p>So one that lags behind may name an old address for a moment, until it changes its mind; who
 * connects there in vain tries again at the next change.
 *
 * <p>Thread-safe: one lock guards the merge; readers see immutable maps.
 */
final class Maps {

  /** Numbers of clusters are 0 to this. */
  static final int MAX_NUMBER = 1023;

  /** What a coordinator said of a cluster, and when it began to say so. */
  private record Statement(ClusterEntry entry, long since) {

    long epoch() {
      return entry.getConfiguration().getEpoch();
    }
  }

  private record Told(Map<String, Statement> statements, boolean connected) {}

  private final Published<PeerMap> published = new Published<>(PeerMap.NONE, PeerMap::version);
  private final Map<String, Told> told = new HashMap<>();
  private final Set<String> gone = new HashSet<>();
  private long clock;

  /** The map as it is now. */
  PeerMap current() {
    return published.current();
  }

  /** Since a coordinator was heard last (since the start when none has been). */
  Duration age() {
    return published.age();
  }

  /** Calls the listener at each change, under the lock and in order; it must not block. */
  void onChange(Consumer<PeerMap> listener) {
    published.onChange(listener);
  }

  /**
   * Waits until there is a map other than the one with this version.
   *
   * @return false when the time passed without one
   */
  boolean awaitOtherThan(long version, Duration time) throws InterruptedException {
    return published.awaitOtherThan(version, time);
  }

  /** A coordinator was heard. */
  void accept(String coordinator, ClusterMap map) {
    published.hear(current -> {
      Map<String, Statement> before =
          told.getOrDefault(coordinator, new Told(Map.of(), false)).statements();
      clock++;
      Map<String, Statement> statements = new HashMap<>();
      for (ClusterEntry entry : map.getClustersList()) {
        if (!entry.getName().isEmpty()
            && entry.getNumber() >= 0
            && entry.getNumber() <= MAX_NUMBER) {
          Statement known = before.get(entry.getName());
          statements.put(
              entry.getName(),
              known != null && known.entry().equals(entry) ? known : new Statement(entry, clock));
        }
      }
      told.put(coordinator, new Told(statements, true));
      gone.remove(coordinator);
      dropGone();
      return merge(current);
    });
  }

  /** A coordinator will not be heard again: what it told counts until another is heard. */
  void gone(String coordinator) {
    left(coordinator);
    published.change(current -> {
      gone.add(coordinator);
      if (told.values().stream().anyMatch(Told::connected)) {
        dropGone();
      }
      return current;
    });
  }

  private void dropGone() {
    told.keySet().removeAll(gone);
    gone.clear();
  }

  /** A coordinator is not connected any more. */
  void left(String coordinator) {
    published.change(current ->
        told.computeIfPresent(coordinator, (_, last) -> new Told(last.statements(), false)) == null
            ? current
            : merge(current));
  }

  private PeerMap merge(PeerMap current) {
    boolean connected = told.values().stream().anyMatch(Told::connected);
    List<Told> counted = told.values().stream().filter(t -> t.connected() == connected).toList();
    Set<String> names = new TreeSet<>();
    counted.forEach(t -> names.addAll(t.statements().keySet()));
    Map<String, ClusterView> clusters = new HashMap<>();
    for (String name : names) {
      List<Statement> statements = new ArrayList<>();
      for (Told one : counted) {
        Optional.ofNullable(one.statements().get(name)).ifPresent(statements::add);
      }
      clusters.put(name, view(name, statements, current.clusters().get(name)));
    }
    // The first map counts as a change even when it is empty.
    if (current.heard() && clusters.equals(current.clusters())) {
      return current;
    }
    return new PeerMap(current.version() + 1, Map.copyOf(clusters));
  }

  private static ClusterView view(String name, List<Statement> all, ClusterView last) {
    int number = all.stream().mapToInt(s -> s.entry().getNumber()).max().orElseThrow();
    ClusterView known = last != null && last.number() == number ? last : null;
    List<Statement> newestFirst =
        all.stream()
            .filter(s -> s.entry().getNumber() == number)
            .sorted(Comparator.comparingLong(Statement::since).reversed())
            .toList();
    // The first of equals: max() would take the last.
    Statement best =
        newestFirst.stream().reduce((a, b) -> b.epoch() > a.epoch() ? b : a).orElseThrow();
    boolean behind = known != null && known.epoch() > best.epoch();
    String synchronizer =
        newest(newestFirst, ClusterEntry::getSynchronizer)
            .orElse(known == null ? "" : known.synchronizer());
    return new ClusterView(
        name,
        number,
        behind ? known.epoch() : best.epoch(),
        behind ? known.master() : best.entry().getConfiguration().getMaster(),
        addresses(newestFirst, known),
        synchronizer);
  }

  private static Map<String, String> addresses(List<Statement> newestFirst, ClusterView known) {
    Map<String, String> addresses = new LinkedHashMap<>();
    if (known != null) {
      addresses.putAll(known.members());
    }
    Set<String> names = new TreeSet<>();
    newestFirst.forEach(s -> s.entry().getMembersList().forEach(m -> names.add(m.getName())));
    addresses.keySet().retainAll(names);
    for (String name : names) {
      newest(newestFirst, entry -> addressOf(entry, name))
          .ifPresent(address -> addresses.put(name, address));
    }
    return Map.copyOf(addresses);
  }

  private static String addressOf(ClusterEntry entry, String member) {
    return entry.getMembersList().stream()
        .filter(m -> m.getName().equals(member))
        .map(Member::getInternalAddress)
        .findFirst()
        .orElse("");
  }

  private static Optional<String> newest(
      List<Statement> newestFirst, Function<ClusterEntry, String> address) {
    return newestFirst.stream().map(s -> address.apply(s.entry())).filter(Maps::usable).findFirst();
  }

  private static boolean usable(String address) {
    if (address.isEmpty()) {
      return false;
    }
    try {
      Addresses.parse(address);
      return true;
    } catch (IllegalArgumentException e) {
      return false;
    }
  }
}
