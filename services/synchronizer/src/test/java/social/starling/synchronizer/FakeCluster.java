package social.starling.synchronizer;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import social.starling.proto.sync.v1.Batch;
import social.starling.proto.sync.v1.Item;
import social.starling.proto.sync.v1.Name;
import social.starling.proto.sync.v1.Position;

/**
 * What the members of a cluster share: a journal whose every entry is one change for all peers, and
 * what was received, with the cursors.
 */
final class FakeCluster {

  private final List<Item> journal = new ArrayList<>();
  private final Map<Integer, Position> cursors = new HashMap<>();
  private final List<String> received = new ArrayList<>();
  private final Map<Integer, Long> seen = new HashMap<>();
  private final List<Position> asked = new ArrayList<>();

  synchronized void write(String name) {
    journal.add(Item.newBuilder().setName(Name.newBuilder().setName(name)).build());
    notifyAll();
  }

  void write(String prefix, int count) {
    for (int i = 1; i <= count; i++) {
      write(prefix + i);
    }
  }

  static List<String> names(String prefix, int count) {
    List<String> names = new ArrayList<>();
    for (int i = 1; i <= count; i++) {
      names.add(prefix + i);
    }
    return names;
  }

  synchronized long end() {
    return journal.size();
  }

  /** The batch that begins at a position, waiting for one; null when there is none in time. */
  synchronized Batch after(Position after, long waitMillis) throws InterruptedException {
    if (after.getIndex() >= journal.size()) {
      wait(waitMillis);
    }
    if (after.getIndex() >= journal.size()) {
      return null;
    }
    return Batch.newBuilder()
        .setAfter(after)
        .setUpTo(Position.newBuilder().setIndex(after.getIndex() + 1))
        .addItems(journal.get((int) after.getIndex()))
        .build();
  }

  synchronized Position cursor(int peer) {
    return cursors.getOrDefault(peer, Position.getDefaultInstance());
  }

  synchronized void cursor(int peer, long index) {
    cursors.put(peer, Position.newBuilder().setIndex(index).build());
  }

  /** Journals a batch; false when it does not begin at the cursor. */
  synchronized boolean receive(int peer, Batch batch) {
    if (!batch.getAfter().equals(cursor(peer))) {
      return false;
    }
    batch.getItemsList().forEach(item -> received.add(item.getName().getName()));
    cursors.put(peer, batch.getUpTo());
    return true;
  }

  synchronized List<String> received() {
    return List.copyOf(received);
  }

  synchronized void seen(int peer, long index) {
    seen.merge(peer, index, Math::max);
  }

  synchronized long seen(int peer) {
    return seen.getOrDefault(peer, 0L);
  }

  synchronized void askedAfter(Position after) {
    asked.add(after);
  }

  /** Where the calls of Changes began, in order. */
  synchronized List<Position> asked() {
    return List.copyOf(asked);
  }
}
