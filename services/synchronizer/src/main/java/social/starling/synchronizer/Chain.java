package social.starling.synchronizer;

import io.grpc.Status;
import social.starling.proto.sync.v1.Batch;
import social.starling.proto.sync.v1.Position;

/**
 * Each batch begins where the one before ended: what follows a gap or a repeat would be refused by
 * the receiver's master, so it is not passed on. Used by one thread.
 */
final class Chain {

  private final String who;
  private Position at;

  /**
   * @param who sends the batches
   * @param at where the first begins
   */
  Chain(String who, Position at) {
    this.who = who;
    this.at = at;
  }

  /** The position that the batches so far lead to. */
  Position at() {
    return at;
  }

  /**
   * Takes the next batch.
   *
   * @return whether it says anything; one that does not only shows that its sender lives
   * @throws BrokenException when it does not follow
   */
  boolean accept(Batch batch) {
    if (!batch.hasUpTo()) {
      return batch.getSeen() != 0;
    }
    if (!batch.getAfter().equals(at) || Positions.compare(batch.getUpTo(), at) <= 0) {
      throw new BrokenException(
          who,
          Status.ABORTED.withDescription(
              "a batch leads from %s to %s where %s comes next"
                  .formatted(
                      Positions.text(batch.getAfter()),
                      Positions.text(batch.getUpTo()),
                      Positions.text(at))));
    }
    at = batch.getUpTo();
    return true;
  }
}
