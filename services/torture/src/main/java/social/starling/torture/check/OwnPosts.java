package social.starling.torture.check;

import social.starling.torture.history.Call;
import social.starling.torture.history.Call.Outcome;
import social.starling.torture.history.Operation;

/**
 * One's own post is visible at once: a page of one's own posts, read by any session of the user
 * after the post was acknowledged, shows it if its bounds hold it, unless its deletion may have
 * been done.
 */
final class OwnPosts implements Check {

  @Override
  public void check(Known known, Findings findings) {
    Facts facts = known.facts;
    for (Call call : facts.calls) {
      if (call.outcome() == Outcome.OK
          && call.operation() instanceof Operation.Posts page
          && page.author().equals(call.user())) {
        known.pages.absent(
            call,
            page,
            post -> {
              if (facts.acknowledged[post] < call.begun()
                  && facts.deleteBegun[post] > call.ended()) {
                findings.add(
                    call.ended(),
                    Findings.all(call.user()),
                    Findings.all(facts.ids[post]),
                    "%s was acknowledged at %s, and %s read the own posts from %s to %s without it",
                    facts.shown(post),
                    Text.seconds(facts.acknowledged[post]),
                    call.user(),
                    Text.seconds(call.begun()),
                    Text.seconds(call.ended()));
              }
            });
      }
    }
  }
}
