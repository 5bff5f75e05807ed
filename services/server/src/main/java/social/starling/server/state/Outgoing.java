package social.starling.server.state;

import java.util.List;
import social.starling.proto.sync.v1.Item;

/**
 * What another cluster needs of one stretch of this cluster's journal.
 *
 * @param steps in the order of the journal; a batch may end after any, and must after one that is a
 *     post
 * @param reached everything that the peer needs up to here is in the steps: where the last batch
 *     ends. Not below the last step
 * @param more whether there may be more already: go on from {@code reached} at once
 */
public record Outgoing(List<Step> steps, Position reached, boolean more) {

  /**
   * One change.
   *
   * @param upTo who has this has everything that it needs up to here
   */
  public record Step(Item item, Position upTo) {}
}
