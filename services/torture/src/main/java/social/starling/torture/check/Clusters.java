package social.starling.torture.check;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import social.starling.torture.history.Stored;

/**
 * All clusters agree in the end:
 *
 * <ol>
 *   <li>whom a user follows knows of it, and nobody else has the user as a follower;
 *   <li>all clusters know the same users;
 *   <li>a timeline has what is stored of each author whom its reader certainly follows, from the
 *       first post that was asked for after the follow, or from an older one that it has, to the
 *       last; and of nobody else.
 * </ol>
 */
final class Clusters implements Check {

  @Override
  public void check(Known known, Findings findings) {
    Stored stored = known.facts.history.stored();
    if (stored == null) {
      return;
    }
    checkFollows(known.facts, stored, findings);
    checkUsers(known.facts, stored, findings);
    BitSet kept = new BitSet();
    stored.posts().values().forEach(ids -> kept.or(posts(known.facts, ids)));
    stored.timelines().forEach((user, ids) -> checkTimeline(known, user, ids, kept, findings));
  }

  private static BitSet posts(Facts facts, List<Long> ids) {
    BitSet posts = new BitSet(facts.ids.length);
    ids.forEach(id -> posts.set(facts.post(id)));
    return posts;
  }

  private static void checkFollows(Facts facts, Stored stored, Findings findings) {
    long end = facts.history.nanos();
    Map<String, List<String>> following = stored.following();
    Map<String, List<String>> followers = stored.followers();
    following.forEach((user, names) -> {
      for (String name : names) {
        if (followers.containsKey(name) && !followers.get(name).contains(user)) {
          findings.add(
              end,
              Findings.all(user, name),
              Findings.all(),
              "%s follows %s, whose cluster does not know it",
              user,
              name);
        }
      }
    });
    followers.forEach((name, users) -> {
      for (String user : users) {
        if (following.containsKey(user) && !following.get(user).contains(name)) {
          findings.add(
              end,
              Findings.all(user, name),
              Findings.all(),
              "%s has a follower %s, who does not follow",
              name,
              user);
        }
      }
    });
  }

  private static void checkUsers(Facts facts, Stored stored, Findings findings) {
    Set<String> all = new TreeSet<>();
    stored.users().values().forEach(all::addAll);
    stored
        .users()
        .forEach((cluster, names) -> {
          Set<String> missing = new TreeSet<>(all);
          names.forEach(missing::remove);
          if (!missing.isEmpty()) {
            findings.add(
                facts.history.nanos(),
                missing,
                Findings.all(),
                "cluster %s does not know %s, whom another one knows",
                cluster,
                missing);
          }
        });
  }

  private static void checkTimeline(
      Known known, String reader, List<Long> ids, BitSet kept, Findings findings) {
    Facts facts = known.facts;
    long end = facts.history.nanos();
    int user = facts.user(reader);
    BitSet there = posts(facts, ids);
    for (FollowLog.Pair pair : known.follows.of(user)) {
      if (pair.times().last() == FollowTimes.YES) {
        checkAuthor(known, reader, pair, there, kept, findings);
      }
    }
    for (long id : ids) {
      int post = facts.post(id);
      int author = facts.author[post];
      if (author < 0) {
        continue;
      }
      FollowTimes times = known.follows.times(user, author);
      long since = times.possibleSince(Facts.NEVER, Facts.NEVER);
      if (since == Facts.NEVER) {
        findings.add(
            end,
            Findings.all(reader, facts.names.get(author)),
            Findings.all(id),
            "the whole timeline of %s has %s, whom %s does not follow in the end",
            reader,
            facts.shown(post),
            reader);
      } else if (facts.applied(facts.home(user), post) < since) {
        findings.add(
            end,
            Findings.all(reader, facts.names.get(author)),
            Findings.all(id),
            "the whole timeline of %s has %s, from before the follow at %s",
            reader,
            facts.shown(post),
            Text.seconds(since));
      }
    }
  }

  private static void checkAuthor(
      Known known,
      String reader,
      FollowLog.Pair pair,
      BitSet there,
      BitSet kept,
      Findings findings) {
    Facts facts = known.facts;
    String author = facts.names.get(pair.author());
    long since = pair.times().certainSince(Facts.NEVER);
    List<Long> missing = new ArrayList<>();
    List<Long> tooMuch = new ArrayList<>();
    boolean begun = false;
    for (int post : facts.byAuthor[pair.author()]) {
      long id = facts.ids[post];
      boolean shown = there.get(post);
      begun |= shown || facts.isReal(post) && facts.begun[post] > since;
      // What may yet be deleted can be in one and not in the other.
      boolean settled = facts.deleteBegun[post] == Facts.NEVER;
      if (begun && !shown && kept.get(post) && settled) {
        missing.add(id);
      }
      if (shown && !kept.get(post) && settled) {
        tooMuch.add(id);
      }
    }
    report(reader, author, "lacks %d of %s's stored posts, %s", missing, facts, findings);
    report(
        reader, author, "has %d of %s's posts that are not stored, %s", tooMuch, facts, findings);
  }

  private static void report(
      String reader, String author, String format, List<Long> ids, Facts facts, Findings findings) {
    if (!ids.isEmpty()) {
      List<Long> first = ids.subList(0, Math.min(5, ids.size()));
      findings.add(
          facts.history.nanos(),
          Findings.all(reader, author),
          Set.copyOf(first),
          "the whole timeline of %s %s",
          reader,
          format.formatted(ids.size(), author, "first " + first));
    }
  }
}
