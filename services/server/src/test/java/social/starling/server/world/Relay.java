package social.starling.server.world;

import java.util.ArrayDeque;
import java.util.Deque;
import social.starling.replication.RequestId;
import social.starling.replication.Requester;
import social.starling.server.state.Position;

/**
 * The receiving side of a synchronizer, for one peer:
 *
 * <ol>
 *   <li>Asks a member of its own cluster for the cursor.
 *   <li>Subscribes at the peer's synchronizer from there.
 *   <li>Hands each batch to the member, which journals it; some at a time, or one after the other.
 *   <li>Whatever goes wrong, or is not heard for a while: begins again.
 * </ol>
 *
 * <p>What an earlier run was sent may still be handed over: nothing but the journal's cursor guards
 * against it.
 */
final class Relay {

  private static final long SILENCE = 1_500 * World.MILLI;

  private final World world;
  private final Synchronizer synchronizer;
  private final Cluster receiver;
  private final Cluster sender;
  private final Deque<Batch> queue = new ArrayDeque<>();

  private int run;
  private int target;
  private boolean pipelined;
  private int underWay;
  private long heardAt;
  private long submittedAt;

  /** Where the last batch ended. */
  private Position end;

  Relay(World world, Synchronizer synchronizer, Cluster receiver, Cluster sender) {
    this.world = world;
    this.synchronizer = synchronizer;
    this.receiver = receiver;
    this.sender = sender;
  }

  void begin() {
    int now = ++run;
    queue.clear();
    underWay = 0;
    heardAt = world.time().now();
    target = world.random().nextInt(4) == 0 ? 1 - target : target;
    pipelined = world.faulty() && world.random().nextInt(4) == 0;
    world.send(() -> askCursor(now));
    watch(now);
  }

  boolean live(int of) {
    return synchronizer.up() && run == of;
  }

  private void watch(int of) {
    world
        .time()
        .after(
            500 * World.MILLI,
            () -> {
              if (!live(of)) {
                return;
              }
              long now = world.time().now();
              if (now - heardAt > SILENCE || underWay > 0 && now - submittedAt > SILENCE) {
                fail(of);
              } else {
                watch(of);
              }
            });
  }

  /** Something went wrong. */
  void fail(int of) {
    if (live(of)) {
      run++;
      world.counts().add(Seen.BEGUN_AGAIN);
      world
          .time()
          .after(
              (10 + world.random().nextLong(300)) * World.MILLI,
              () -> {
                if (live(of + 1) && world.plant().beginsAgain()) {
                  begin();
                }
              });
    }
  }

  private void askCursor(int of) {
    MemberState member = receiver.serving(target);
    if (member == null) {
      target = 1 - target;
      world.send(() -> fail(of));
      return;
    }
    Position cursor = member.state().cursor(sender.number());
    world.send(() -> {
      if (live(of)) {
        heardAt = world.time().now();
        end = cursor;
        world.sendBetween(receiver, sender, () -> open(of, cursor));
      }
    });
  }

  /** At the peer's synchronizer, and its master. */
  private void open(int of, Position cursor) {
    Synchronizer there =
        sender.synchronizers().stream().filter(Synchronizer::up).findAny().orElse(null);
    int at = world.random().nextInt(2);
    int member = sender.serving(at) != null ? at : 1 - at;
    if (there == null || sender.serving(member) == null || !live(of)) {
      world.sendBetween(sender, receiver, () -> fail(of));
      return;
    }
    new Changes(world, sender, member, there, receiver, this, of, cursor).pump();
  }

  /** Seen by the peer's side: how much is under way. */
  boolean room() {
    return queue.size() < 8;
  }

  void arrived(int of, Batch batch) {
    boolean current = live(of);
    if (!current && (!world.faulty() || world.random().nextInt(3) > 0)) {
      return;
    }
    if (current) {
      heardAt = world.time().now();
      if (!pipelined && !batch.after().equals(end)) {
        fail(of);
        return;
      }
    }
    if (batch.upTo() == null) {
      if (!batch.after().equals(end)) {
        fail(of);
      } else if (queue.isEmpty()) {
        int member = target;
        world.send(() -> saw(member, batch));
      }
    } else if (pipelined || !current) {
      hand(of, batch);
    } else {
      end = batch.upTo();
      queue.addLast(batch);
      next(of);
    }
  }

  private void saw(int member, Batch batch) {
    MemberState there = receiver.serving(member);
    if (there != null) {
      there.saw(sender.number(), batch.after(), batch.seen());
    }
  }

  private void next(int of) {
    if (underWay == 0 && !queue.isEmpty()) {
      hand(of, queue.removeFirst());
    }
  }

  private void hand(int of, Batch batch) {
    if (live(of)) {
      underWay++;
      submittedAt = world.time().now();
      end = batch.upTo();
    }
    world.send(() -> submit(of, batch));
  }

  private void submit(int of, Batch batch) {
    receiver
        .pair()
        .submit(
            target,
            RequestId.NONE,
            batch.request(sender.number()),
            new Requester() {
              @Override
              public void refused(RequestId request) {
                fail(of);
              }

              @Override
              public void done(RequestId request, long index) {
                if (!live(of)) {
                  return;
                }
                if (receiver.chronicle().answer(index).getReason().isEmpty()) {
                  heardAt = world.time().now();
                  underWay--;
                  next(of);
                } else {
                  fail(of);
                }
              }
            });
  }
}
