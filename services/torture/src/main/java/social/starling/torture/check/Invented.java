package social.starling.torture.check;

import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import social.starling.torture.history.Call;
import social.starling.torture.history.Content;
import social.starling.torture.history.Event;
import social.starling.torture.history.Mismatch;
import social.starling.torture.history.Operation;
import social.starling.torture.history.Stored;

/**
 * Nothing that was refused or never asked for appears, anywhere, ever: every post that was seen was
 * asked for by its author, and not refused; it says what it said at first; who follows or is a user
 * in the end has asked for that.
 */
final class Invented implements Check {

  @Override
  public void check(Known known, Findings findings) {
    Facts facts = known.facts;
    for (Event event : facts.history.events()) {
      if (event instanceof Mismatch mismatch) {
        findings.add(
            mismatch.at(),
            Findings.all(),
            Findings.all(mismatch.id()),
            "post %d was \"%s\" at first, and \"%s\" in %s",
            mismatch.id(),
            Text.brief(mismatch.expected()),
            Text.brief(mismatch.found()),
            mismatch.where());
      }
    }
    for (int post = 0; post < facts.ids.length; post++) {
      checkOrigin(facts, post, findings);
    }
    Stored stored = facts.history.stored();
    if (stored != null) {
      checkFollows(known, stored, findings);
      checkUsers(facts, stored, findings);
    }
  }

  private static void checkOrigin(Facts facts, int post, Findings findings) {
    Content content = facts.history.contents().get(facts.ids[post]);
    Set<String> authors = content == null ? Findings.all() : Findings.all(content.author());
    switch (facts.origin[post]) {
      case ACKNOWLEDGED, UNKNOWN -> {}
      case REFUSED ->
          findings.add(
              seen(facts, post),
              authors,
              Findings.all(facts.ids[post]),
              "%s is there, and its author was told that it was not done",
              facts.shown(post));
      case NOT_ASKED -> {
        if (!facts.otherId.containsKey(post)) {
          findings.add(
              seen(facts, post),
              authors,
              Findings.all(facts.ids[post]),
              "%s is there, and nobody of that name asked for it",
              facts.shown(post));
        }
      }
    }
  }

  private static long seen(Facts facts, int post) {
    long at = facts.happened(post);
    return at == Facts.NEVER ? facts.history.nanos() : at;
  }

  private static void checkFollows(Known known, Stored stored, Findings findings) {
    Facts facts = known.facts;
    for (Map.Entry<String, List<String>> entry : stored.following().entrySet()) {
      for (String name : entry.getValue()) {
        never(known, entry.getKey(), name, "%s follows %s in the end, and never did", findings);
      }
    }
    for (Map.Entry<String, List<String>> entry : stored.followers().entrySet()) {
      for (String user : entry.getValue()) {
        never(
            known,
            user,
            entry.getKey(),
            "%s is a follower of %s in the end, and never followed",
            findings);
      }
    }
    for (Call call : facts.calls) {
      if (call.outcome() == Call.Outcome.OK
          && call.operation() instanceof Operation.Followers list) {
        for (String user : list.names()) {
          if (!possibly(known, user, call.user(), call.ended())) {
            findings.add(
                call.ended(),
                Findings.all(user, call.user()),
                Findings.all(),
                "%s was told of a follower %s, who had never followed",
                call.user(),
                user);
          }
        }
      }
    }
  }

  private static void never(
      Known known, String user, String name, String format, Findings findings) {
    long end = known.facts.history.nanos();
    if (!possibly(known, user, name, Facts.NEVER)) {
      findings.add(end, Findings.all(user, name), Findings.all(), format, user, name);
    }
  }

  private static boolean possibly(Known known, String user, String name, long until) {
    int from = known.facts.user(user);
    int to = known.facts.user(name);
    return from >= 0 && to >= 0 && known.follows.times(from, to).everUntil(until);
  }

  private static void checkUsers(Facts facts, Stored stored, Findings findings) {
    Set<String> asked = new HashSet<>(facts.history.homes().keySet());
    facts.calls.forEach(call -> asked.add(call.user()));
    stored
        .users()
        .forEach((cluster, names) -> {
          for (String name : names) {
            if (!asked.contains(name)) {
              findings.add(
                  facts.history.nanos(),
                  Findings.all(name),
                  Findings.all(),
                  "cluster %s knows a user %s, who never registered",
                  cluster,
                  name);
            }
          }
        });
  }
}
