package social.starling.coordinator;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import social.starling.proto.coordinator.v1.Dead;

/** The processes that were seen dead: the newest 16 of each cluster. Not thread-safe. */
final class Deaths {

  private static final int MAX_PER_CLUSTER = 16;

  private final Map<String, Deque<Dead>> byCluster = new HashMap<>();

  /** Remembers a report; false when it is known already. */
  boolean add(String cluster, Dead report) {
    Deque<Dead> known = byCluster.computeIfAbsent(cluster, name -> new ArrayDeque<>());
    if (known.contains(report)) {
      return false;
    }
    known.add(report);
    if (known.size() > MAX_PER_CLUSTER) {
      known.poll();
    }
    return true;
  }

  /** What was reported of a cluster, the oldest first. */
  List<Dead> of(String cluster) {
    return List.copyOf(byCluster.getOrDefault(cluster, new ArrayDeque<>()));
  }

  boolean contains(MemberKey member, String instance) {
    return of(member.cluster()).contains(report(member, instance));
  }

  void forget(String cluster) {
    byCluster.remove(cluster);
  }

  static Dead report(MemberKey member, String instance) {
    return Dead.newBuilder().setMember(member.member()).setInstance(instance).build();
  }
}
