package social.starling.torture.check;

import java.util.Arrays;
import social.starling.torture.history.Call;
import social.starling.torture.history.Call.Outcome;
import social.starling.torture.history.Operation;

/** Everything that more than one checker needs, made once. Immutable. */
final class Known {

  final Facts facts;
  final FollowLog follows;
  final Pages pages;

  /**
   * By cluster, by post: from here on the cluster certainly has it no longer, for its deletion was
   * acknowledged there or a read that must have shown it did not.
   */
  private final long[][] gone;

  Known(Facts facts) {
    this.facts = facts;
    this.follows = new FollowLog(facts);
    this.pages = new Pages(facts, follows);
    this.gone = new long[facts.clusterCount()][facts.ids.length];
    for (long[] times : gone) {
      Arrays.fill(times, Facts.NEVER);
    }
    for (int post = 0; post < facts.ids.length; post++) {
      gone(facts.author[post] < 0 ? -1 : facts.home(facts.author[post]), post, facts.deleted[post]);
    }
    for (Call call : facts.calls) {
      if (call.outcome() == Outcome.OK) {
        look(call);
      }
    }
  }

  /** From when on it is certain that a post is gone from a cluster that had it. */
  long gone(int cluster, int post) {
    return cluster < 0 ? Facts.NEVER : gone[cluster][post];
  }

  private void look(Call call) {
    switch (call.operation()) {
      case Operation.Posts page ->
          pages.absent(call, page, post -> absent(facts.home(facts.author[post]), post, call));
      case Operation.Timeline page -> {
        int cluster = facts.home(facts.user(call.user()));
        pages.absent(call, page, post -> absent(cluster, post, call));
      }
      default -> {}
    }
  }

  /** If it was there before, it was deleted; but not if nobody asked for that: then it was lost. */
  private void absent(int cluster, int post, Call call) {
    if (facts.deleteBegun[post] < call.ended() && facts.applied(cluster, post) < call.begun()) {
      gone(cluster, post, call.ended());
    }
  }

  private void gone(int cluster, int post, long at) {
    if (cluster >= 0) {
      gone[cluster][post] = Math.min(gone[cluster][post], at);
    }
  }
}
