package social.starling.torture.check;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import social.starling.torture.history.Call;
import social.starling.torture.history.Call.Outcome;
import social.starling.torture.history.Operation;

/**
 * The order of ids is the order of time: a post that was there before another one of its author's
 * cluster was asked for has the lower id, whoever was master meanwhile; pages descend, are within
 * their bounds, and the store ascends. So the posts of one session of an author are in the order of
 * its calls. (The order of streams: {@link Streams}.)
 */
final class Order implements Check {

  @Override
  public void check(Known known, Findings findings) {
    Facts facts = known.facts;
    checkTime(facts, findings);
    for (Call call : facts.calls) {
      if (call.outcome() == Outcome.OK) {
        switch (call.operation()) {
          case Operation.Posts page ->
              checkPage(call, page.ids(), page.maxId(), page.limit(), page.author(), findings);
          case Operation.Timeline page ->
              checkPage(
                  call, page.ids(), page.maxId(), page.limit(), "the timeline's authors", findings);
          default -> {}
        }
      }
    }
    if (facts.history.stored() != null) {
      long end = facts.history.nanos();
      facts.history.stored().posts().forEach((user, ids) -> ascend(user, ids, end, findings));
      facts.history.stored().timelines().forEach((user, ids) -> ascend(user, ids, end, findings));
    }
  }

  private static void checkTime(Facts facts, Findings findings) {
    // By cluster, or by author where the cluster is not known: the post asked for last so far.
    Map<Integer, Integer> latest = new HashMap<>();
    for (int post = 0; post < facts.ids.length; post++) {
      int author = facts.author[post];
      if (author < 0 || !facts.isReal(post)) {
        continue;
      }
      int group = facts.home(author) >= 0 ? facts.home(author) : -1 - author;
      Integer before = latest.get(group);
      if (before != null && facts.happened(post) < facts.begun[before]) {
        findings.add(
            facts.begun[before],
            Findings.all(facts.names.get(author), facts.names.get(facts.author[before])),
            Findings.all(facts.ids[post], facts.ids[before]),
            "%s was there at %s, and %s, with a lower id, was asked for at %s",
            facts.shown(post),
            Text.seconds(facts.happened(post)),
            facts.shown(before),
            Text.seconds(facts.begun[before]));
      }
      if (before == null || facts.begun[post] > facts.begun[before]) {
        latest.put(group, post);
      }
    }
  }

  private static void checkPage(
      Call call, List<Long> ids, long maxId, int limit, String whose, Findings findings) {
    if (!Pages.isOrderly(ids, maxId, limit)) {
      findings.add(
          call.ended(),
          Findings.all(call.user()),
          Findings.all(),
          "%s asked for at most %d posts of %s below %s and got %s, which do not descend or are"
              + " too many",
          call.user(),
          limit,
          whose,
          maxId == 0 ? "any id" : Long.toString(maxId),
          ids.size() <= 20 ? ids : ids.size() + " posts");
    }
  }

  private static void ascend(String user, List<Long> ids, long end, Findings findings) {
    for (int i = 1; i < ids.size(); i++) {
      if (ids.get(i) <= ids.get(i - 1)) {
        findings.add(
            end,
            Findings.all(user),
            Findings.all(ids.get(i), ids.get(i - 1)),
            "what is stored for %s does not ascend: %d comes after %d",
            user,
            ids.get(i),
            ids.get(i - 1));
        return;
      }
    }
  }
}
