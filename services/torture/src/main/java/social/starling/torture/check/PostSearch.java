package social.starling.torture.check;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import social.starling.torture.history.Call;

/**
 * Looks for an order of the operations on one author's posts, after Wing and Gong, "Testing and
 * verifying concurrent objects" (1993), with the memory of Lowe, "Testing for linearizability"
 * (2016): take any operation that began before the first end of those that are left and fits the
 * state, and go back where none does; never look twice at the same set of operations taken.
 *
 * <p>What makes it cheap here:
 *
 * <ol>
 *   <li>posts happen in the order of their ids, so only one can be the next;
 *   <li>a read that fits changes nothing, so it is taken at once;
 *   <li>where nothing is under way the state is known, and a search ends: it never goes back beyond
 *       that. After one that failed, the next goes on from the state that all the writes make.
 * </ol>
 *
 * <p>So the cost is linear in the length for bounded concurrency. Used once, by one thread.
 */
final class PostSearch {

  /** In a page: that the post below the bound is not there. */
  static final int NOT_THERE = -2;

  /** Steps back in one stretch without a pause; a failure of that many is reported as such. */
  private static final int MOST_STEPS_BACK = 200_000;

  /** After as many failures the rest is the same story. */
  private static final int MOST_STUCK = 10;

  /** Something that happened at once, at some time between two. */
  sealed interface Op {
    long begun();

    long ended();
  }

  /** Of the author's posts by id, which; it must be new. */
  record Post(long begun, long ended, int place) implements Op {}

  /**
   * A deletion.
   *
   * @param sure the post must be there
   */
  record Deletion(long begun, long ended, int place, boolean sure) implements Op {}

  record Read(long begun, long ended, Call call, Page page) implements Op {}

  /**
   * What was read.
   *
   * @param below only posts of places below
   * @param places the answer, newest first
   */
  record Page(int below, int limit, int[] places) {}

  /**
   * No order was found.
   *
   * @param op the first to end of those that were left when most were taken
   * @param exhausted whether the search was given up
   */
  record Stuck(Op op, boolean exhausted) {}

  private final Op[] ops;
  private final long[] ended;
  private final long[] marks;

  // The operations that are left, in the order of their beginnings; the last is the head.
  private final int[] next;
  private final int[] previous;

  private int[] postOps;
  private final BitSet live;
  private int nextPost;
  private int failed;

  /**
   * @param ops by beginning
   * @param posts how many the author has
   */
  PostSearch(List<Op> ops, int posts) {
    this.ops = ops.toArray(Op[]::new);
    int count = this.ops.length;
    this.ended = new long[count];
    this.marks = new long[count];
    this.next = new int[count + 1];
    this.previous = new int[count + 1];
    this.live = new BitSet(posts);
    int[] byPlace = new int[posts];
    Arrays.fill(byPlace, -1);
    SplittableRandom random = new SplittableRandom(count);
    for (int i = 0; i < count; i++) {
      ended[i] = this.ops[i].ended();
      marks[i] = random.nextLong();
      if (this.ops[i] instanceof Post post) {
        byPlace[post.place()] = i;
      }
    }
    this.postOps = Arrays.stream(byPlace).filter(i -> i >= 0).toArray();
    // Each post has happened by the end of every later one.
    for (int i = postOps.length - 2; i >= 0; i--) {
      ended[postOps[i]] = Math.min(ended[postOps[i]], ended[postOps[i + 1]]);
    }
  }

  /** Tells of the stretches for which there is no order, the first ones. */
  void run(Consumer<Stuck> stuck) {
    int from = 0;
    long latest = Long.MIN_VALUE;
    for (int i = 0; i < ops.length && failed < MOST_STUCK; i++) {
      if (i > from && ops[i].begun() > latest) {
        search(from, i, stuck);
        from = i;
      }
      latest = Math.max(latest, ended[i]);
    }
    if (failed < MOST_STUCK) {
      search(from, ops.length, stuck);
    }
  }

  /** What was taken, and what may be taken in its place. */
  private static final class Step {
    final int op;
    final boolean changed;
    List<Integer> others = List.of();

    Step(int op, boolean changed) {
      this.op = op;
      this.changed = changed;
    }
  }

  private void search(int from, int to, Consumer<Stuck> stuck) {
    link(from, to);
    int head = ops.length;
    List<Step> taken = new ArrayList<>();
    Set<Long> seen = new HashSet<>();
    long mark = 0;
    int most = -1;
    int mostLeft = -1;
    int back = 0;
    while (next[head] != head) {
      List<Integer> choices = choices(head);
      int count = taken.size();
      if (count > most) {
        most = count;
        mostLeft = firstToEnd(head);
      }
      if (!choices.isEmpty() && (isRead(choices.getFirst()) || seen.add(mark))) {
        Step step = take(choices.getFirst());
        step.others = choices.subList(1, choices.size());
        mark ^= marks[step.op];
        taken.add(step);
        continue;
      }
      // Back to where there was another choice.
      boolean again = false;
      while (!taken.isEmpty() && !again && back <= MOST_STEPS_BACK) {
        Step last = taken.removeLast();
        undo(last);
        mark ^= marks[last.op];
        back++;
        if (!last.others.isEmpty()) {
          Step step = take(last.others.getFirst());
          step.others = last.others.subList(1, last.others.size());
          mark ^= marks[step.op];
          taken.add(step);
          again = true;
        }
      }
      if (!again) {
        stuck.accept(new Stuck(ops[mostLeft], back > MOST_STEPS_BACK));
        failed++;
        giveUp(from, to, taken);
        return;
      }
    }
  }

  private void link(int from, int to) {
    int before = ops.length;
    for (int i = from; i < to; i++) {
      next[before] = i;
      previous[i] = before;
      before = i;
    }
    next[before] = ops.length;
    previous[ops.length] = before;
  }

  private boolean isRead(int op) {
    return ops[op] instanceof Read;
  }

  private int firstToEnd(int head) {
    int first = next[head];
    for (int op = next[head]; op != head && ops[op].begun() <= ended[first]; op = next[op]) {
      if (ended[op] < ended[first]) {
        first = op;
      }
    }
    return first;
  }

  /** What can be next: one read, or writes, the first to end first. */
  private List<Integer> choices(int head) {
    long first = ended[firstToEnd(head)];
    List<Integer> writes = new ArrayList<>(2);
    for (int op = next[head]; op != head && ops[op].begun() <= first; op = next[op]) {
      switch (ops[op]) {
        case Read read -> {
          if (fits(read.page())) {
            return List.of(op);
          }
        }
        case Post _ -> {
          if (nextPost < postOps.length && postOps[nextPost] == op) {
            writes.add(op);
          }
        }
        case Deletion deletion -> {
          if (!deletion.sure() || live.get(deletion.place())) {
            writes.add(op);
          }
        }
      }
    }
    if (writes.size() > 1) {
      writes.sort((a, b) -> Long.compare(ended[a], ended[b]));
    }
    return writes;
  }

  private boolean fits(Page page) {
    int[] places = page.places();
    if (places.length == 1 && places[0] == NOT_THERE) {
      return !live.get(page.below() - 1);
    }
    int at = page.below();
    for (int i = 0; i < page.limit(); i++) {
      at = at == 0 ? -1 : live.previousSetBit(at - 1);
      if (at < 0) {
        return i == places.length;
      }
      if (i == places.length || places[i] != at) {
        return false;
      }
    }
    return places.length <= page.limit();
  }

  private Step take(int op) {
    next[previous[op]] = next[op];
    previous[next[op]] = previous[op];
    return switch (ops[op]) {
      case Read _ -> new Step(op, false);
      case Post post -> {
        nextPost++;
        live.set(post.place());
        yield new Step(op, true);
      }
      case Deletion deletion -> {
        boolean was = live.get(deletion.place());
        live.clear(deletion.place());
        yield new Step(op, was);
      }
    };
  }

  private void undo(Step step) {
    switch (ops[step.op]) {
      case Read _ -> {}
      case Post post -> {
        nextPost--;
        live.clear(post.place());
      }
      case Deletion deletion -> live.set(deletion.place(), step.changed);
    }
    next[previous[step.op]] = step.op;
    previous[next[step.op]] = step.op;
  }

  /** Goes on as if all writes had happened. */
  private void giveUp(int from, int to, List<Step> taken) {
    while (!taken.isEmpty()) {
      undo(taken.removeLast());
    }
    BitSet deleted = new BitSet();
    for (int i = from; i < to; i++) {
      switch (ops[i]) {
        case Post post -> live.set(post.place());
        case Deletion deletion -> deleted.set(deletion.place());
        case Read _ -> {}
      }
    }
    live.andNot(deleted);
    postOps = Arrays.stream(postOps, nextPost, postOps.length).filter(op -> op >= to).toArray();
    nextPost = 0;
  }
}
