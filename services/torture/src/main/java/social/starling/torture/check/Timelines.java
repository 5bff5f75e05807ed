package social.starling.torture.check;

import social.starling.torture.history.Call;
import social.starling.torture.history.Call.Outcome;
import social.starling.torture.history.Operation;

/**
 * A timeline lacks nothing that its cluster has:
 *
 * <ol>
 *   <li>a post that was certainly there before the read began, asked for while the reader certainly
 *       followed its author, is on the page if its bounds hold it: of authors of the same cluster
 *       what was acknowledged, of others what anybody of the cluster has seen;
 *   <li>of one author's posts, between two that are on a page none is missing: they come in their
 *       order.
 * </ol>
 *
 * <p>What may have been deleted is excused.
 */
final class Timelines implements Check {

  @Override
  public void check(Known known, Findings findings) {
    for (Call call : known.facts.calls) {
      if (call.outcome() == Outcome.OK && call.operation() instanceof Operation.Timeline page) {
        known.pages.absent(call, page, post -> checkAbsent(known.facts, call, post, findings));
        known.pages.holes(page, post -> checkHole(known.facts, call, post, findings));
      }
    }
  }

  private static void checkAbsent(Facts facts, Call call, int post, Findings findings) {
    int cluster = facts.home(facts.user(call.user()));
    long applied = facts.applied(cluster, post);
    if (applied < call.begun() && facts.deleteBegun[post] > call.ended()) {
      findings.add(
          call.ended(),
          Findings.all(call.user(), facts.names.get(facts.author[post])),
          Findings.all(facts.ids[post]),
          "%s was there at %s, and the timeline of the follower %s, read from %s to %s, lacks it",
          facts.shown(post),
          Text.seconds(applied),
          call.user(),
          Text.seconds(call.begun()),
          Text.seconds(call.ended()));
    }
  }

  private static void checkHole(Facts facts, Call call, int post, Findings findings) {
    if (facts.deleteBegun[post] > call.ended()) {
      findings.add(
          call.ended(),
          Findings.all(call.user(), facts.names.get(facts.author[post])),
          Findings.all(facts.ids[post]),
          "the timeline of %s, read from %s to %s, has older and newer posts of %s, and lacks %s",
          call.user(),
          Text.seconds(call.begun()),
          Text.seconds(call.ended()),
          facts.names.get(facts.author[post]),
          facts.shown(post));
    }
  }
}
