package social.starling.operator.plan;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeCondition;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * A node, as far as it matters to a member.
 *
 * @param name of the node
 * @param there whether it exists
 * @param lostAt when it counts as lost; empty while it is ready. A node that does not exist is lost
 * @param lost whether it counts as lost now
 */
record NodeView(String name, boolean there, Optional<Instant> lostAt, boolean lost) {

  static NodeView of(String name, List<Node> nodes, Duration patience, Instant now) {
    Optional<Node> node =
        nodes.stream().filter(each -> each.getMetadata().getName().equals(name)).findFirst();
    if (node.isEmpty()) {
      return new NodeView(name, false, Optional.of(now), true);
    }
    Optional<Instant> lostAt = unreadySince(node.get(), now).map(since -> since.plus(patience));
    return new NodeView(name, true, lostAt, lostAt.filter(at -> !at.isAfter(now)).isPresent());
  }

  private static Optional<Instant> unreadySince(Node node, Instant now) {
    if (node.getStatus() == null || node.getStatus().getConditions() == null) {
      return Optional.empty();
    }
    return node.getStatus().getConditions().stream()
        .filter(condition -> condition.getType().equals("Ready"))
        .filter(condition -> !condition.getStatus().equals("True"))
        .map(condition -> since(condition, now))
        .findFirst();
  }

  private static Instant since(NodeCondition condition, Instant now) {
    String time = condition.getLastTransitionTime();
    return time == null ? now : Instant.parse(time);
  }
}
