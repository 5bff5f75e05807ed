package social.starling.torture.check;

import java.util.Arrays;
import java.util.List;
import java.util.function.IntConsumer;
import social.starling.torture.history.Call;
import social.starling.torture.history.Operation;

/**
 * What a page does not show of what lies within its bounds. Costs as much as the page and what it
 * leaves out.
 */
final class Pages {

  private final Facts facts;
  private final FollowLog follows;

  /** By post: the latest beginning among those of its author up to it, in the order of ids. */
  private final long[] latestBegun;

  /** By post: the earliest beginning among those of its author from it on. */
  private final long[] earliestBegun;

  Pages(Facts facts, FollowLog follows) {
    this.facts = facts;
    this.follows = follows;
    this.latestBegun = new long[facts.ids.length];
    this.earliestBegun = new long[facts.ids.length];
    for (int[] posts : facts.byAuthor) {
      long latest = Long.MIN_VALUE;
      for (int post : posts) {
        // Of one that nobody asked for it is not known, so it must not end a walk.
        long begun = facts.begun[post] == Facts.NEVER ? Long.MIN_VALUE : facts.begun[post];
        latest = Math.max(latest, begun);
        latestBegun[post] = latest;
      }
      long earliest = Facts.NEVER;
      for (int i = posts.length - 1; i >= 0; i--) {
        earliest = Math.min(earliest, facts.begun[posts[i]]);
        earliestBegun[posts[i]] = earliest;
      }
    }
  }

  /** Whether ids descend, below a bound, and are no more than asked for. */
  static boolean isOrderly(List<Long> ids, long maxId, int limit) {
    if (ids.size() > limit || maxId > 0 && !ids.isEmpty() && ids.getFirst() >= maxId) {
      return false;
    }
    for (int i = 1; i < ids.size(); i++) {
      if (ids.get(i) >= ids.get(i - 1)) {
        return false;
      }
    }
    return true;
  }

  /**
   * Tells each post of the author that lies within a page's bounds and is not on it. Those asked
   * for after the page was answered are left out.
   */
  void absent(Call call, Operation.Posts page, IntConsumer absent) {
    int author = facts.user(page.author());
    if (isOrderly(page.ids(), page.maxId(), page.limit())) {
      absent(author, Long.MIN_VALUE, call.ended(), page.ids(), page.maxId(), page.limit(), absent);
    }
  }

  /**
   * Tells each post that lies within a page's bounds and is not on it, although its author was
   * certainly followed from before it was asked for until the page was answered.
   */
  void absent(Call call, Operation.Timeline page, IntConsumer absent) {
    if (!isOrderly(page.ids(), page.maxId(), page.limit())) {
      return;
    }
    for (FollowLog.Pair pair : follows.of(facts.user(call.user()))) {
      if (pair.times().certain(call.begun(), call.ended())) {
        absent(
            pair.author(),
            pair.times().certainSince(call.begun()),
            call.ended(),
            page.ids(),
            page.maxId(),
            page.limit(),
            absent);
      }
    }
  }

  private void absent(
      int author,
      long since,
      long until,
      List<Long> ids,
      long maxId,
      int limit,
      IntConsumer absent) {
    int[] posts = facts.byAuthor[author];
    long lowest = ids.size() < limit ? Long.MIN_VALUE : ids.getLast();
    int at =
        Math.min(begunBy(posts, until), maxId > 0 ? facts.placeOf(author, maxId) : posts.length);
    at--;
    int on = 0;
    for (; at >= 0; at--) {
      int post = posts[at];
      long id = facts.ids[post];
      if (id < lowest || since != Long.MIN_VALUE && latestBegun[post] <= since) {
        return;
      }
      while (on < ids.size() && ids.get(on) > id) {
        on++;
      }
      boolean there = on < ids.size() && ids.get(on) == id;
      if (!there && facts.isReal(post) && facts.begun[post] > since) {
        absent.accept(post);
      }
    }
  }

  /** The first place from which on all posts were asked for after a time. */
  private int begunBy(int[] posts, long time) {
    int low = 0;
    int high = posts.length;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (earliestBegun[posts[middle]] <= time) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  /**
   * Tells each post that is not on a page although an older one and a newer one of its author are.
   */
  void holes(Operation.Timeline page, IntConsumer hole) {
    if (!isOrderly(page.ids(), page.maxId(), page.limit())) {
      return;
    }
    int[] posts = page.ids().stream().mapToInt(facts::post).toArray();
    long[] keys = new long[posts.length];
    for (int i = 0; i < posts.length; i++) {
      keys[i] = (long) facts.author[posts[i]] << 32 | facts.place[posts[i]];
    }
    Arrays.sort(keys);
    for (int i = 1; i < keys.length; i++) {
      int author = (int) (keys[i] >> 32);
      if (author >= 0 && author == (int) (keys[i - 1] >> 32)) {
        for (int place = (int) keys[i - 1] + 1; place < (int) keys[i]; place++) {
          if (facts.isReal(facts.byAuthor[author][place])) {
            hole.accept(facts.byAuthor[author][place]);
          }
        }
      }
    }
  }
}
