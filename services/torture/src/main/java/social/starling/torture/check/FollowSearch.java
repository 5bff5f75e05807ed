package social.starling.torture.check;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import social.starling.torture.history.Call;

/**
 * All orders of the calls on one bit that explain what was answered, in one pass over time: the
 * "just-in-time linearization" of Lowe, "Testing for linearizability" (2016), with the set of all
 * states instead of a search. A state is the bit and which of the open calls have taken effect.
 *
 * <ol>
 *   <li>When a call begins it may take effect, and so may any other open one: the set is closed
 *       under that.
 *   <li>When a call that was answered ends, the states in which it did not take effect are dropped.
 *       If none is left, nothing explains the call; the search goes on with everything possible.
 *   <li>One of unknown outcome may take effect until it is settled, or never.
 *   <li>A look that fits all states takes effect at once: it changes nothing.
 * </ol>
 *
 * <p>Linear in the number of calls; exponential in how many writes are open at once, of which there
 * are few, one for each session.
 */
final class FollowSearch {

  /** More calls at once are taken as ones of which nothing is known. */
  private static final int MOST_OPEN = 12;

  enum Kind {
    DONE,
    PERHAPS,
    LOOK
  }

  /**
   * One call.
   *
   * @param end by when it has taken effect if it ever does
   * @param yes what it makes of the bit, or what it saw
   */
  record Op(Call call, long end, Kind kind, boolean yes) {}

  private record Step(long at, boolean end, int op) {}

  private final List<Op> ops;
  private final int[] slots;
  private final int[] open = new int[MOST_OPEN];
  private final List<Call> stuck = new ArrayList<>();

  /** States: bit 0 is the bit, bit 1 + n says whether the call in slot n has taken effect. */
  private Set<Integer> states = new TreeSet<>(Set.of(0));

  private long[] from = {Long.MIN_VALUE, 0, 0, 0};
  private int[] mask = {FollowTimes.NO, 0, 0, 0};
  private int size = 1;

  /** From a time on nothing can be said. */
  private boolean lost;

  FollowSearch(List<Op> ops) {
    this.ops = ops;
    this.slots = new int[ops.size()];
    Arrays.fill(slots, -1);
    Arrays.fill(open, -1);
  }

  /** Calls that nothing explains. */
  List<Call> stuck() {
    return stuck;
  }

  FollowTimes run() {
    for (Step step : steps()) {
      if (step.end) {
        end(step.op);
        // It may have happened until then.
        note(step.at == Facts.NEVER ? step.at : step.at + 1);
      } else {
        begin(step.op);
        note(step.at);
      }
    }
    return new FollowTimes(from, mask, size);
  }

  private List<Step> steps() {
    List<Step> steps = new ArrayList<>(2 * ops.size());
    for (int op = 0; op < ops.size(); op++) {
      steps.add(new Step(ops.get(op).call.begun(), false, op));
      if (ops.get(op).end != Facts.NEVER) {
        steps.add(new Step(ops.get(op).end, true, op));
      }
    }
    // What begins when another ends may have come before.
    steps.sort((a, b) -> a.at != b.at ? Long.compare(a.at, b.at) : Boolean.compare(a.end, b.end));
    return steps;
  }

  private void begin(int number) {
    Op op = ops.get(number);
    if (lost || op.kind == Kind.LOOK && fitsAll(op)) {
      return;
    }
    int slot = freeSlot();
    if (slot < 0) {
      lost = op.kind != Kind.LOOK;
      return;
    }
    slots[number] = slot;
    open[slot] = number;
    close();
  }

  private boolean fitsAll(Op op) {
    int bit = op.yes ? 1 : 0;
    return states.stream().allMatch(state -> (state & 1) == bit);
  }

  private int freeSlot() {
    for (int slot = 0; slot < open.length; slot++) {
      if (open[slot] < 0) {
        return slot;
      }
    }
    return -1;
  }

  /** Adds every state that an open call leads to. */
  private void close() {
    List<Integer> more = new ArrayList<>(states);
    for (int i = 0; i < more.size(); i++) {
      int state = more.get(i);
      for (int slot = 0; slot < open.length; slot++) {
        int done = 2 << slot;
        if (open[slot] >= 0 && (state & done) == 0) {
          int next = after(state, ops.get(open[slot]));
          if (next >= 0 && states.add(next | done)) {
            more.add(next | done);
          }
        }
      }
    }
  }

  /** The state in which a call leaves the bit; −1 if it cannot have happened here. */
  private static int after(int state, Op op) {
    boolean yes = (state & 1) == 1;
    return switch (op.kind) {
      case LOOK -> yes == op.yes ? state : -1;
      case DONE -> yes != op.yes ? state ^ 1 : -1;
      case PERHAPS -> op.yes ? state | 1 : state & ~1; // Refused if it is so already.
    };
  }

  private void end(int number) {
    int slot = slots[number];
    if (slot < 0) {
      return;
    }
    int done = 2 << slot;
    Op op = ops.get(number);
    Set<Integer> left = new TreeSet<>();
    for (int state : states) {
      if (op.kind == Kind.PERHAPS || (state & done) != 0) {
        left.add(state & ~done);
      }
    }
    open[slot] = -1;
    if (left.isEmpty()) {
      stuck.add(op.call);
      int all = 0;
      for (int other = 0; other < open.length; other++) {
        all |= open[other] >= 0 ? 2 << other : 0;
      }
      // Everything that may be: all subsets of the open calls done, either way.
      for (int some = all; ; some = (some - 1) & all) {
        left.add(some);
        left.add(some | 1);
        if (some == 0) {
          break;
        }
      }
    }
    states = left;
  }

  private void note(long at) {
    int now = lost ? FollowTimes.EITHER : 0;
    for (int state : states) {
      now |= (state & 1) == 1 ? FollowTimes.YES : FollowTimes.NO;
    }
    if (now == mask[size - 1]) {
      return;
    }
    if (from[size - 1] == at) {
      mask[size - 1] = now | mask[size - 1]; // At one moment all that is possible then.
      return;
    }
    if (size == from.length) {
      from = Arrays.copyOf(from, size * 2);
      mask = Arrays.copyOf(mask, size * 2);
    }
    from[size] = at;
    mask[size++] = now;
  }
}
