package social.starling.torture.check;

import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import social.starling.torture.history.Call;
import social.starling.torture.history.Call.Outcome;
import social.starling.torture.history.Operation;
import social.starling.torture.history.Stored;

/**
 * Deleted stays deleted, and unfollowed stays unfollowed:
 *
 * <ol>
 *   <li>no read that began after the deletion was acknowledged shows the post; in other clusters,
 *       none that began after a read from which the deletion showed;
 *   <li>no timeline shows a post of one whom its reader certainly does not follow, nor one from
 *       before the follow that holds now;
 *   <li>in the end neither is there.
 * </ol>
 *
 * <p>(For streams: {@link Streams}.)
 */
final class Gone implements Check {

  @Override
  public void check(Known known, Findings findings) {
    for (Call call : known.facts.calls) {
      if (call.outcome() == Outcome.OK) {
        switch (call.operation()) {
          case Operation.Posts page ->
              page.ids().forEach(id -> checkDeleted(known, call, known.facts.post(id), findings));
          case Operation.Timeline page -> {
            for (long id : page.ids()) {
              checkDeleted(known, call, known.facts.post(id), findings);
              checkFollowed(known, call, known.facts.post(id), findings);
            }
          }
          default -> {}
        }
      }
    }
    if (known.facts.history.stored() != null) {
      checkStored(known, known.facts.history.stored(), findings);
    }
  }

  private static void checkDeleted(Known known, Call call, int post, Findings findings) {
    Facts facts = known.facts;
    if (facts.author[post] < 0) {
      return;
    }
    int cluster =
        call.operation() instanceof Operation.Posts
            ? facts.home(facts.author[post])
            : facts.home(facts.user(call.user()));
    long gone = known.gone(cluster, post);
    if (gone < call.begun()) {
      findings.add(
          call.ended(),
          Findings.all(call.user(), facts.names.get(facts.author[post])),
          Findings.all(facts.ids[post]),
          "%s was gone by %s, and %s read it in a call that began at %s",
          facts.shown(post),
          Text.seconds(gone),
          call.user(),
          Text.seconds(call.begun()));
    }
  }

  private static void checkFollowed(Known known, Call call, int post, Findings findings) {
    Facts facts = known.facts;
    int reader = facts.user(call.user());
    int author = facts.author[post];
    if (author < 0) {
      return;
    }
    long since = known.follows.times(reader, author).possibleSince(call.begun(), call.ended());
    if (since == Facts.NEVER) {
      findings.add(
          call.ended(),
          Findings.all(call.user(), facts.names.get(author)),
          Findings.all(facts.ids[post]),
          "the timeline of %s, read from %s to %s, has %s, whom %s did not follow then",
          call.user(),
          Text.seconds(call.begun()),
          Text.seconds(call.ended()),
          facts.shown(post),
          call.user());
    } else if (facts.applied(facts.home(reader), post) < since) {
      findings.add(
          call.ended(),
          Findings.all(call.user(), facts.names.get(author)),
          Findings.all(facts.ids[post]),
          "the timeline of %s, read at %s, has %s, which was there at %s, and %s follows since %s"
              + " at the earliest",
          call.user(),
          Text.seconds(call.ended()),
          facts.shown(post),
          Text.seconds(facts.applied(facts.home(reader), post)),
          call.user(),
          Text.seconds(since));
    }
  }

  private static void checkStored(Known known, Stored stored, Findings findings) {
    Facts facts = known.facts;
    stored.posts().forEach((user, ids) -> deleted(facts, ids, "stored", user, findings));
    stored
        .timelines()
        .forEach((user, ids) -> deleted(facts, ids, "in the timeline of", user, findings));
    for (Map.Entry<String, List<String>> entry : stored.following().entrySet()) {
      Set<String> following = new HashSet<>(entry.getValue());
      for (FollowLog.Pair pair : known.follows.of(facts.user(entry.getKey()))) {
        String name = facts.names.get(pair.author());
        if (pair.times().last() == FollowTimes.NO
            && pair.times().everUntil(Facts.NEVER)
            && following.contains(name)) {
          findings.add(
              facts.history.nanos(),
              Findings.all(entry.getKey(), name),
              Findings.all(),
              "%s follows %s in the end; the last word was an unfollow, and acknowledged",
              entry.getKey(),
              name);
        }
      }
    }
  }

  private static void deleted(
      Facts facts, List<Long> ids, String where, String user, Findings findings) {
    for (long id : ids) {
      int post = facts.post(id);
      if (facts.deleted[post] != Facts.NEVER) {
        findings.add(
            facts.deleted[post],
            Findings.all(user),
            Findings.all(id),
            "%s: its deletion was acknowledged at %s, and in the end it is %s %s",
            facts.shown(post),
            Text.seconds(facts.deleted[post]),
            where,
            user);
      }
    }
  }
}
