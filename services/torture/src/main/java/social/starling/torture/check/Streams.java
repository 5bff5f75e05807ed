package social.starling.torture.check;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import social.starling.torture.history.Event;
import social.starling.torture.history.Shown;
import social.starling.torture.history.StreamBegun;

/**
 * A reader's streams, one after the other, have no gap and no repeat:
 *
 * <ol>
 *   <li>no post comes twice, and those of one author come in the order of their ids;
 *   <li>the cursor never falls, and the same post has the same one for all readers of a cluster: it
 *       is the place of a committed change;
 *   <li>a post that was asked for while the stream was open and its author certainly followed is
 *       shown, unless it may have been deleted or its author unfollowed before the stream came to
 *       it: it came past it if it showed a later change while the follow still held, and it comes
 *       past everything in the end;
 *   <li>nothing is shown of those whom the reader does not follow, nothing from before the follow,
 *       and nothing that was deleted before. What is shown was sent some time before, and may have
 *       been on the way for long; but not before what was shown earlier was asked for.
 * </ol>
 *
 * <p>A stream that begins without a cursor begins anew.
 */
final class Streams implements Check {

  @Override
  public void check(Known known, Findings findings) {
    Map<String, List<Event>> byReader = new LinkedHashMap<>();
    for (Event event : known.facts.history.events()) {
      switch (event) {
        case Shown shown ->
            byReader.computeIfAbsent(shown.reader(), _ -> new ArrayList<>()).add(shown);
        case StreamBegun begun ->
            byReader.computeIfAbsent(begun.reader(), _ -> new ArrayList<>()).add(begun);
        default -> {}
      }
    }
    long[][] cursors = new long[known.facts.clusterCount()][known.facts.ids.length];
    long[] shownAt = new long[known.facts.ids.length];
    byReader.forEach((reader, events) -> {
      checkCursors(known.facts, reader, events, cursors, findings);
    });
    byReader.forEach((reader, events) -> {
      int from = 0;
      for (int i = 0; i <= events.size(); i++) {
        if (i == events.size() || i > from && beginsAnew(events.get(i))) {
          Chain chain = new Chain(known, reader, events.subList(from, i), cursors, shownAt);
          chain.check(i == events.size(), findings);
          from = i;
        }
      }
    });
  }

  /** What a first stream shows before it is open belongs to it. */
  private static boolean beginsAnew(Event event) {
    return event instanceof StreamBegun begun && begun.cursor() == 0 && begun.stream() > 1;
  }

  private static void checkCursors(
      Facts facts, String reader, List<Event> events, long[][] cursors, Findings findings) {
    int cluster = facts.home(facts.user(reader));
    if (cluster < 0) {
      return;
    }
    for (Event event : events) {
      if (event instanceof Shown shown && shown.cursor() > 0) {
        int post = facts.post(shown.id());
        long before = cursors[cluster][post];
        if (before != 0 && before != shown.cursor()) {
          findings.add(
              shown.at(),
              Findings.all(reader),
              Findings.all(shown.id()),
              "%s was shown to %s with cursor %d; in the same cluster it had %d before",
              facts.shown(post),
              reader,
              shown.cursor(),
              before);
        }
        cursors[cluster][post] = shown.cursor();
      }
    }
  }

  /** The streams of one reader that go on from one another. */
  private static final class Chain {
    private final Facts facts;
    private final Known known;
    private final String reader;
    private final int user;
    private final int cluster;
    private final List<Event> events;
    private final long[] cursors;

    /** By post: when it was shown; valid where {@link #seen} says so. */
    private final long[] shownAt;

    private final BitSet seen;
    private final long[] passed;
    private final long[] passedAt;
    private int passedSize;
    private long open = Facts.NEVER;

    Chain(Known known, String reader, List<Event> events, long[][] cursors, long[] shownAt) {
      this.known = known;
      this.facts = known.facts;
      this.reader = reader;
      this.user = facts.user(reader);
      this.cluster = facts.home(user);
      this.events = events;
      this.cursors = cluster < 0 ? new long[facts.ids.length] : cursors[cluster];
      this.shownAt = shownAt;
      this.seen = new BitSet(facts.ids.length);
      this.passed = new long[events.size()];
      this.passedAt = new long[events.size()];
    }

    void check(boolean last, Findings findings) {
      Map<Integer, Integer> newest = new HashMap<>();
      long cursor = 0;
      // What is shown from here on was sent after this.
      long sentAfter = Long.MIN_VALUE;
      for (Event event : events) {
        switch (event) {
          case StreamBegun begun -> {
            open = Math.min(open, begun.at());
            cursor = Math.max(cursor, begun.cursor());
          }
          case Shown shown -> {
            int post = facts.post(shown.id());
            if (shown.cursor() != 0 && shown.cursor() < cursor) {
              add(
                  shown,
                  findings,
                  "%s was shown %s at %s with cursor %d, after cursor %d",
                  reader,
                  facts.shown(post),
                  Text.seconds(shown.at()),
                  shown.cursor(),
                  cursor);
            }
            cursor = Math.max(cursor, shown.cursor());
            if (facts.begun[post] != Facts.NEVER) {
              sentAfter = Math.max(sentAfter, facts.begun[post]);
            }
            show(shown, post, newest, sentAfter, findings);
            passed[passedSize] = cursor;
            passedAt[passedSize++] = shown.at();
          }
          default -> throw new IllegalStateException("not of a stream: " + event);
        }
      }
      checkGaps(last && facts.history.stored() != null, findings);
    }

    private void show(
        Shown shown, int post, Map<Integer, Integer> newest, long sentAfter, Findings findings) {
      int author = facts.author[post];
      if (seen.get(post)) {
        add(
            shown,
            findings,
            "%s was shown %s at %s and again at %s",
            reader,
            facts.shown(post),
            Text.seconds(shownAt[post]),
            Text.seconds(shown.at()));
        return;
      }
      seen.set(post);
      shownAt[post] = shown.at();
      if (author < 0) {
        return;
      }
      Integer before = newest.put(author, post);
      if (before != null && before > post) {
        add(
            shown,
            findings,
            "%s was shown %s at %s, after %s",
            reader,
            facts.shown(post),
            Text.seconds(shown.at()),
            facts.shown(before));
        newest.put(author, before);
      }
      checkAllowed(shown, post, author, Math.min(sentAfter, shown.at()), findings);
    }

    private void checkAllowed(
        Shown shown, int post, int author, long sentAfter, Findings findings) {
      FollowTimes times = known.follows.times(user, author);
      long since = times.possibleSince(sentAfter, shown.at());
      if (since == Facts.NEVER) {
        add(
            shown,
            findings,
            "%s was shown %s at %s, whom %s does not follow, at least since %s",
            reader,
            facts.shown(post),
            Text.seconds(shown.at()),
            reader,
            Text.seconds(sentAfter));
      } else if (facts.applied(cluster, post) < since) {
        add(
            shown,
            findings,
            "%s was shown %s, which was there at %s, and %s follows since %s at the earliest",
            reader,
            facts.shown(post),
            Text.seconds(facts.applied(cluster, post)),
            reader,
            Text.seconds(since));
      }
      if (known.gone(cluster, post) < sentAfter) {
        add(
            shown,
            findings,
            "%s was shown %s, sent after %s, and it was gone by %s",
            reader,
            facts.shown(post),
            Text.seconds(sentAfter),
            Text.seconds(known.gone(cluster, post)));
      }
    }

    private void checkGaps(boolean toTheEnd, Findings findings) {
      for (FollowLog.Pair pair : known.follows.of(user)) {
        int[] posts = facts.byAuthor[pair.author()];
        // When the first of those with higher ids was shown.
        long laterShown = Facts.NEVER;
        for (int i = posts.length - 1; i >= 0; i--) {
          int post = posts[i];
          if (seen.get(post)) {
            laterShown = Math.min(laterShown, shownAt[post]);
          } else if (facts.isReal(post) && facts.begun[post] > open) {
            long since = pair.times().certainSince(facts.begun[post]);
            if (since != Facts.NEVER && since < facts.begun[post]) {
              checkGap(pair, post, Math.min(laterShown, passed(post)), toTheEnd, findings);
            }
          }
        }
      }
    }

    private void checkGap(
        FollowLog.Pair pair, int post, long passedAt, boolean toTheEnd, Findings findings) {
      long until = pair.times().certainUntil(facts.begun[post]);
      if (passedAt < until && passedAt < facts.deleteBegun[post]) {
        findings.add(
            passedAt,
            Findings.all(reader, facts.names.get(pair.author())),
            Findings.all(facts.ids[post]),
            "%s was shown something later at %s, and %s was left out",
            reader,
            Text.seconds(passedAt),
            facts.shown(post));
      } else if (toTheEnd && until == Facts.NEVER && facts.deleteBegun[post] == Facts.NEVER) {
        findings.add(
            facts.begun[post],
            Findings.all(reader, facts.names.get(pair.author())),
            Findings.all(facts.ids[post]),
            "%s followed all the time and was never shown %s",
            reader,
            facts.shown(post));
      }
    }

    /** When a change after the one that brought a post here was shown; NEVER if none. */
    private long passed(int post) {
      if (cursors[post] == 0) {
        return Facts.NEVER;
      }
      int at = Arrays.binarySearch(passed, 0, passedSize, cursors[post] + 1);
      at = at >= 0 ? at : -at - 1;
      while (at > 0 && passed[at - 1] > cursors[post]) {
        at--;
      }
      return at == passedSize ? Facts.NEVER : passedAt[at];
    }

    private void add(Shown shown, Findings findings, String format, Object... parameters) {
      findings.add(shown.at(), Findings.all(reader), Findings.all(shown.id()), format, parameters);
    }
  }
}
