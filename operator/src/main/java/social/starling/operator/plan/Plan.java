package social.starling.operator.plan;

import java.time.Duration;
import java.util.List;
import social.starling.operator.api.SnsClusterStatus;

/**
 * What to do about a cluster now.
 *
 * @param actions in order; when one fails those after it are for the next plan
 * @param news what was seen since the last plan, to be told whatever becomes of the actions
 * @param status to be written
 * @param again when to look again, if nothing happens before
 * @param released whether a deleted object may go
 */
public record Plan(
    List<Action> actions,
    List<Action.Tell> news,
    SnsClusterStatus status,
    Duration again,
    boolean released) {

  public Plan {
    actions = List.copyOf(actions);
    news = List.copyOf(news);
  }
}
