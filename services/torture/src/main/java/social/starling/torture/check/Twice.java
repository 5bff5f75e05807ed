package social.starling.torture.check;

import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import social.starling.torture.history.Call;
import social.starling.torture.history.Call.Outcome;
import social.starling.torture.history.Content;
import social.starling.torture.history.Operation;

/**
 * Nothing takes effect twice, however often it was sent: one text never has two ids, and one page
 * or store never has an id twice. (What streams repeat: {@link Streams}.)
 */
final class Twice implements Check {

  @Override
  public void check(Known known, Findings findings) {
    Facts facts = known.facts;
    facts.otherId.forEach((post, id) ->
        findings.add(
            Math.min(facts.happened(post), facts.history.nanos()),
            Findings.all(facts.history.contents().get(id).author()),
            Findings.all(facts.ids[post], id),
            "%s was acknowledged as %d: it was done twice",
            facts.shown(post),
            id));
    Map<String, Integer> texts = new HashMap<>();
    for (int post = 0; post < facts.ids.length; post++) {
      Content content = facts.history.contents().get(facts.ids[post]);
      if (content != null && facts.origin[post] == Facts.Origin.UNKNOWN) {
        Integer other = texts.putIfAbsent(content.text(), post);
        if (other != null) {
          findings.add(
              Math.min(facts.happened(post), facts.history.nanos()),
              Findings.all(content.author()),
              Findings.all(facts.ids[post], facts.ids[other]),
              "%s is there as %d too: it was done twice",
              facts.shown(post),
              facts.ids[other]);
        }
      }
    }
    for (Call call : facts.calls) {
      if (call.outcome() == Outcome.OK) {
        switch (call.operation()) {
          case Operation.Posts page ->
              once(page.ids(), call.ended(), "a page of " + page.author(), call.user(), findings);
          case Operation.Timeline page ->
              once(page.ids(), call.ended(), "the timeline", call.user(), findings);
          default -> {}
        }
      }
    }
    if (facts.history.stored() != null) {
      long end = facts.history.nanos();
      facts
          .history
          .stored()
          .posts()
          .forEach((user, ids) -> once(ids, end, "the stored posts", user, findings));
      facts
          .history
          .stored()
          .timelines()
          .forEach((user, ids) -> once(ids, end, "the whole timeline", user, findings));
    }
  }

  private static void once(List<Long> ids, long at, String where, String user, Findings findings) {
    if (ascendOrDescend(ids)) {
      return;
    }
    Set<Long> seen = new HashSet<>();
    for (long id : ids) {
      if (!seen.add(id)) {
        findings.add(
            at,
            Findings.all(user),
            Findings.all(id),
            "%s of %s has post %d twice",
            where,
            user,
            id);
      }
    }
  }

  private static boolean ascendOrDescend(List<Long> ids) {
    int ups = 0;
    int downs = 0;
    for (int i = 1; i < ids.size(); i++) {
      int sign = Long.compare(ids.get(i), ids.get(i - 1));
      ups += sign > 0 ? 1 : 0;
      downs += sign < 0 ? 1 : 0;
    }
    return Math.max(ups, downs) == Math.max(0, ids.size() - 1);
  }
}
