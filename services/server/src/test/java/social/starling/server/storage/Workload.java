package social.starling.server.storage;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import social.starling.proto.journal.v1.Post;
import social.starling.proto.journal.v1.Request;
import social.starling.replication.Entry;
import social.starling.replication.RequestId;
import social.starling.server.state.Change;
import social.starling.server.state.Entries;
import social.starling.server.state.Items;
import social.starling.server.state.Position;

/**
 * A fixed journal and a member that stores and applies it, from wherever its volume stands: what it
 * appends in a batch it applies in the next, or between the two, as replication does. In the middle
 * it has entries of a master that did not commit them, drops them, and goes on in a later epoch.
 */
final class Workload {

  static final long EPOCH = 5;
  private static final int UNCOMMITTED_AFTER = 21;

  private final List<Entry> journal = new ArrayList<>();
  private final List<Entry> uncommitted = new ArrayList<>();

  /** What {@link Volume#write} returned for. */
  long ackedLast;

  long ackedApplied;
  long ackedPromise;

  Workload() {
    Entries entries = new Entries().epoch(3);
    add(entries.slots());
    add(entries.login("Alice"), entries.login("bob"), entries.login("Carol"));
    add(entries.follow("bob", "alice"), entries.follow("carol", "ALICE"));
    for (int i = 0; i < 12; i++) {
      entries.passes(7);
      add(entries.post(i % 3 == 0 ? "bob" : "alice", "post " + i + "\nof several lines\r\n"));
    }
    add(entries.delete("alice", journal.getLast().id()), entries.unfollow("carol", "alice"));
    add(entries.follow("carol", "bob"));
    assertThat(journal).hasSize(UNCOMMITTED_AFTER);
    uncommitted.add(entries.post("bob", "never committed"));
    uncommitted.add(entries.post("alice", "nor this"));
    entries.from(UNCOMMITTED_AFTER).epoch(EPOCH);
    for (int i = 0; i < 10; i++) {
      entries.passes(1000);
      RequestId write = new RequestId(Entries.client(entries.time()), 1 + i % 2);
      add(
          entries.next(
              write,
              request ->
                  request.setUser("carol").setPost(Post.newBuilder().setText("of many clients"))));
    }
    Request repeated = Request.newBuilder().setUser("bob").setPost(text("once")).build();
    RequestId write = new RequestId(Entries.client(entries.time() - 500), 1);
    add(entries.next(write, repeated.toByteArray()), entries.next(write, repeated.toByteArray()));
    add(entries.expire(entries.time() - 2000));
    Position one = new Position(1, 0);
    Position two = new Position(1, 7);
    Position three = new Position(9, 0);
    add(
        entries.received(
            7,
            Position.ZERO,
            one,
            Items.name("zoe"),
            Items.name("yan"),
            Items.follow("zoe", "alice", 4),
            Items.post("zoe", 70, "from\nfar")),
        entries.follow("bob", "zoe", 1),
        entries.follow("bob", "yan", 2),
        entries.received(7, one, two, Items.follow("yan", "alice", 5), Items.post("zoe", 71, "x")),
        entries.unfollow("bob", "zoe"),
        entries.received(7, two, three, Items.unfollow("zoe", "alice"), Items.deletion("zoe", 70)),
        entries.unfollow("bob", "yan"),
        entries.follow("bob", "yan", 8));
    add(entries.login("dave"), entries.follow("dave", "carol"), entries.post("carol", "last"));
  }

  private static Post text(String text) {
    return Post.newBuilder().setText(text).build();
  }

  private void add(Entry... entries) {
    journal.addAll(List.of(entries));
  }

  List<Entry> journal() {
    return journal;
  }

  /** Stores and applies all that is missing. */
  void run(Volume volume) {
    long last = volume.journalState().lastIndex();
    if (last > UNCOMMITTED_AFTER && agreed(volume) < last) {
      write(volume, OptionalLong.empty(), OptionalLong.of(UNCOMMITTED_AFTER), List.of(), List.of());
      last = UNCOMMITTED_AFTER;
    }
    int batches = 0;
    long applied = volume.journalState().appliedIndex();
    while (applied < journal.size()) {
      int size = 1 + batches % 4;
      List<Change> changes = new ArrayList<>();
      for (Entry entry : journal.subList((int) applied, (int) last)) {
        changes.add(volume.state().apply(entry).change());
      }
      applied = last;
      if (last == UNCOMMITTED_AFTER) {
        write(volume, OptionalLong.empty(), OptionalLong.empty(), uncommitted, changes);
        changes = List.of();
      } else if (batches % 3 == 1 && !changes.isEmpty()) {
        volume.write(Batch.apply(changes)); // Which becomes durable with the next one.
        changes = List.of();
      }
      int next =
          (int)
              Math.min(last + size, last < UNCOMMITTED_AFTER ? UNCOMMITTED_AFTER : journal.size());
      write(
          volume,
          last >= UNCOMMITTED_AFTER ? OptionalLong.of(EPOCH) : OptionalLong.of(3),
          last == UNCOMMITTED_AFTER ? OptionalLong.of(last) : OptionalLong.empty(),
          journal.subList((int) last, next),
          changes);
      last = next;
      if (++batches % 4 == 0) {
        volume.upkeep(true);
      }
      if (batches % 5 == 0) {
        volume.trim(applied - 2);
      }
    }
    volume.upkeep(true);
  }

  /** Up to where the stored journal is this one. */
  private long agreed(Volume volume) {
    long from = volume.journalState().appliedIndex() + 1;
    for (Entry entry : volume.read(from, Long.MAX_VALUE, Integer.MAX_VALUE)) {
      if (entry.epoch() != journal.get((int) entry.index() - 1).epoch()) {
        return entry.index() - 1;
      }
    }
    return volume.journalState().lastIndex();
  }

  private void write(
      Volume volume,
      OptionalLong promised,
      OptionalLong truncateAfter,
      List<Entry> append,
      List<Change> applied) {
    volume.write(new Batch(promised, truncateAfter, append, applied));
    ackedPromise = Math.max(ackedPromise, promised.orElse(0));
    ackedLast =
        append.isEmpty()
            ? Math.min(ackedLast, truncateAfter.orElse(ackedLast))
            : append.getLast().index();
    ackedApplied = applied.isEmpty() ? ackedApplied : applied.getLast().index();
  }

  /** What was acknowledged is there. */
  void checkAcknowledged(Volume volume) {
    assertThat(volume.journalState().promised()).isGreaterThanOrEqualTo(ackedPromise);
    assertThat(volume.journalState().appliedIndex()).isGreaterThanOrEqualTo(ackedApplied);
    if (ackedLast <= UNCOMMITTED_AFTER || ackedLast > UNCOMMITTED_AFTER + 2) {
      // A truncation that was under way may have taken entries that were not committed.
      assertThat(volume.journalState().lastIndex()).isGreaterThanOrEqualTo(ackedLast);
    }
  }
}
