package social.starling.torture.check;

import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;
import social.starling.torture.history.Call;
import social.starling.torture.history.Call.Outcome;
import social.starling.torture.history.Operation;

/**
 * A session never goes back: a post that it was answered or has read it reads again in every later
 * page whose bounds hold it, of the author or of the timeline, unless its deletion may have been
 * done or the author may have been unfollowed; and the index of a user's timelines never falls, in
 * whichever session they are read.
 */
final class Sessions implements Check {

  /** The highest index of a user's timelines up to each of the times at which they were read. */
  private static final class Cursors {
    private long[] ended = new long[16];
    private long[] highest = new long[16];
    private int size;

    void add(long at, long cursor) {
      if (size == ended.length) {
        ended = Arrays.copyOf(ended, size * 2);
        highest = Arrays.copyOf(highest, size * 2);
      }
      ended[size] = at;
      highest[size] = size == 0 ? cursor : Math.max(cursor, highest[size - 1]);
      size++;
    }

    /** The highest of those that ended before a time; 0 without any. */
    long before(long at) {
      int found = Arrays.binarySearch(ended, 0, size, at);
      int place = found >= 0 ? found : -found - 1;
      while (place > 0 && ended[place - 1] >= at) {
        place--;
      }
      return place == 0 ? 0 : highest[place - 1];
    }
  }

  @Override
  public void check(Known known, Findings findings) {
    Facts facts = known.facts;
    Map<Integer, BitSet> seen = new HashMap<>();
    Map<String, Cursors> cursors = new HashMap<>();
    for (Call call : facts.calls) {
      if (call.outcome() != Outcome.OK) {
        continue;
      }
      BitSet had = seen.computeIfAbsent(call.session(), _ -> new BitSet());
      switch (call.operation()) {
        case Operation.Post post -> had.set(facts.post(post.id()));
        case Operation.Posts page -> {
          known.pages.absent(call, page, post -> absent(facts, call, had, post, findings));
          page.ids().forEach(id -> had.set(facts.post(id)));
        }
        case Operation.Timeline page -> {
          known.pages.absent(call, page, post -> absent(facts, call, had, post, findings));
          page.ids().forEach(id -> had.set(facts.post(id)));
          Cursors before = cursors.computeIfAbsent(call.user(), _ -> new Cursors());
          checkCursor(call, page.cursor(), before.before(call.begun()), findings);
          before.add(call.ended(), page.cursor());
        }
        default -> {}
      }
    }
  }

  private static void absent(Facts facts, Call call, BitSet had, int post, Findings findings) {
    if (!had.get(post) || facts.deleteBegun[post] <= call.ended()) {
      return;
    }
    int cluster = facts.home(facts.user(call.user()));
    if (call.operation() instanceof Operation.Timeline
        && facts.applied(cluster, post) >= call.begun()) {
      return; // Read where the author lives, and not yet known here.
    }
    findings.add(
        call.ended(),
        Findings.all(call.user(), facts.names.get(facts.author[post])),
        Findings.all(facts.ids[post]),
        "session %d of %s, which had %s before, read %s at %s without it",
        call.session(),
        call.user(),
        facts.shown(post),
        call.operation() instanceof Operation.Posts ? "its author's posts" : "the timeline",
        Text.seconds(call.ended()));
  }

  private static void checkCursor(Call call, long cursor, long before, Findings findings) {
    if (cursor < before) {
      findings.add(
          call.ended(),
          Findings.all(call.user()),
          Findings.all(),
          "the timeline of %s read at %s is complete up to change %d; one read before was up to %d",
          call.user(),
          Text.seconds(call.ended()),
          cursor,
          before);
    }
  }
}
