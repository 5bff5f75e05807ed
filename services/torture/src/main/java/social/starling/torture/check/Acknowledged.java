package social.starling.torture.check;

import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import social.starling.torture.history.Call;
import social.starling.torture.history.Call.Outcome;
import social.starling.torture.history.Content;
import social.starling.torture.history.Operation;
import social.starling.torture.history.Stored;

/**
 * What was acknowledged, or seen by anybody, is stored in the end:
 *
 * <ol>
 *   <li>a post, under the id, author and text of the acknowledgement, unless its deletion was asked
 *       for and may have been done; and a deletion is acknowledged to the author only;
 *   <li>a follow, unless an unfollow may have come after it;
 *   <li>a user, in the user's own cluster.
 * </ol>
 */
final class Acknowledged implements Check {

  @Override
  public void check(Known known, Findings findings) {
    Facts facts = known.facts;
    for (Call call : facts.calls) {
      if (call.outcome() == Outcome.OK && call.operation() instanceof Operation.Post asked) {
        checkAnswer(facts, call, asked, findings);
      }
      if (call.outcome() == Outcome.OK && call.operation() instanceof Operation.Delete delete) {
        checkDeletion(facts, call, delete, findings);
      }
    }
    Stored stored = facts.history.stored();
    if (stored != null) {
      checkPosts(facts, stored, findings);
      checkFollows(known, stored, findings);
      checkUsers(facts, stored, findings);
    }
  }

  private static void checkAnswer(Facts facts, Call call, Operation.Post asked, Findings findings) {
    Content content = facts.history.contents().get(asked.id());
    if (content != null
        && !(content.author().equals(call.user()) && content.text().equals(asked.text()))) {
      findings.add(
          call.ended(),
          Findings.all(call.user(), content.author()),
          Findings.all(asked.id()),
          "%s's post \"%s\" was acknowledged as %d, which is \"%s\" of %s",
          call.user(),
          Text.brief(asked.text()),
          asked.id(),
          Text.brief(content.text()),
          content.author());
    }
  }

  private static void checkDeletion(
      Facts facts, Call call, Operation.Delete delete, Findings findings) {
    int post = facts.post(delete.id());
    if (post < 0 || facts.author[post] != facts.user(call.user())) {
      findings.add(
          call.ended(),
          Findings.all(call.user()),
          Findings.all(delete.id()),
          "the deletion of %s by %s was acknowledged, who is not its author",
          post < 0 ? "post " + delete.id() : facts.shown(post),
          call.user());
    }
  }

  private static void checkPosts(Facts facts, Stored stored, Findings findings) {
    BitSet there = new BitSet(facts.ids.length);
    stored.posts().values().forEach(ids -> ids.forEach(id -> there.set(facts.post(id))));
    for (int post = 0; post < facts.ids.length; post++) {
      if (there.get(post) || !facts.isReal(post) || facts.deleteBegun[post] != Facts.NEVER) {
        continue;
      }
      String author = facts.author[post] < 0 ? "" : facts.names.get(facts.author[post]);
      if (facts.acknowledged[post] != Facts.NEVER) {
        findings.add(
            facts.acknowledged[post],
            Findings.all(author),
            Findings.all(facts.ids[post]),
            "%s was acknowledged at %s and is lost",
            facts.shown(post),
            Text.seconds(facts.acknowledged[post]));
      } else {
        long seen = facts.happened(post);
        findings.add(
            seen == Facts.NEVER ? facts.begun[post] : seen,
            Findings.all(author),
            Findings.all(facts.ids[post]),
            "%s was seen and is lost; its author got no answer",
            facts.shown(post));
      }
    }
  }

  private static void checkFollows(Known known, Stored stored, Findings findings) {
    Facts facts = known.facts;
    for (Map.Entry<String, List<String>> entry : stored.following().entrySet()) {
      Set<String> following = Set.copyOf(entry.getValue());
      for (FollowLog.Pair pair : known.follows.of(facts.user(entry.getKey()))) {
        String name = facts.names.get(pair.author());
        if (pair.times().last() == FollowTimes.YES && !following.contains(name)) {
          findings.add(
              pair.times().certainSince(Facts.NEVER),
              Findings.all(entry.getKey(), name),
              Findings.all(),
              "the follow of %s by %s was acknowledged by %s, and in the end is not there",
              name,
              entry.getKey(),
              Text.seconds(pair.times().certainSince(Facts.NEVER)));
        }
      }
    }
  }

  private static void checkUsers(Facts facts, Stored stored, Findings findings) {
    for (Call call : facts.calls) {
      if (call.operation() instanceof Operation.Register && call.outcome() == Outcome.OK) {
        List<String> users = stored.users().get(facts.history.homes().get(call.user()));
        if (users != null && !users.contains(call.user())) {
          findings.add(
              call.ended(),
              Findings.all(call.user()),
              Findings.all(),
              "%s was registered at %s, and the user's own cluster does not know the name",
              call.user(),
              Text.seconds(call.ended()));
        }
      }
    }
  }
}
