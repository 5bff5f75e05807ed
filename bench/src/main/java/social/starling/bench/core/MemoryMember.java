package social.starling.bench.core;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import social.starling.replication.Configuration;
import social.starling.replication.Effect;
import social.starling.replication.Entry;
import social.starling.replication.Event;
import social.starling.replication.JournalReader;
import social.starling.replication.JournalState;
import social.starling.replication.Message;
import social.starling.replication.Options;
import social.starling.replication.Replica;
import social.starling.replication.RequestId;
import social.starling.replication.Role;
import social.starling.replication.Submission;

/** A member whose disk is memory that is always in time. Used by one thread. */
final class MemoryMember {

  /** Entries kept: more than any message reaches back to. */
  private static final int KEPT = 200_000;

  private final String name;
  private final Replica replica;
  private final List<Entry> journal = new ArrayList<>();
  private final Deque<Event> events = new ArrayDeque<>();
  private final JournalReader reader =
      (from, to, maxBytes) -> {
        long first = journal.isEmpty() ? Long.MAX_VALUE : journal.getFirst().index();
        List<Entry> found = new ArrayList<>();
        int bytes = 0;
        for (long i = from; first <= from && i <= to && bytes < maxBytes; i++) {
          Entry entry = journal.get((int) (i - first));
          found.add(entry);
          bytes += entry.weight();
        }
        return found;
      };
  private long committed;

  MemoryMember(String name, String peer, long now) {
    this.name = name;
    this.replica =
        new Replica(
            Options.defaults(name, peer, instance(name), 0),
            JournalState.empty(volume(name)),
            reader,
            now,
            now);
  }

  static String instance(String name) {
    return name + "-process";
  }

  static String volume(String name) {
    return name + "-volume";
  }

  void learn(Configuration configuration) {
    events.add(new Event.Learned(configuration));
  }

  boolean isOpen() {
    return replica.status().role() == Role.OPEN;
  }

  /** Index of the new entry. */
  long submit(RequestId id, byte[] request, long time) {
    return switch (replica.submit(id, request, 0, time)) {
      case Submission.Accepted accepted -> accepted.index();
      case Submission.Refused refused ->
          throw new IllegalStateException(name + " refused a request: " + refused.why());
    };
  }

  long committed() {
    return committed;
  }

  /** Takes in what has happened and does what follows. */
  void turn(MemoryMember peer, long time) {
    replica.step(new Event.Tick(), time);
    while (!events.isEmpty()) {
      replica.step(events.poll(), time);
    }
    for (Effect effect : replica.drain(time)) {
      perform(effect, peer);
    }
    trim(time);
  }

  private void perform(Effect effect, MemoryMember peer) {
    switch (effect) {
      case Effect.Persist persist -> {
        if (persist.truncateAfter() >= 0) {
          journal.removeIf(entry -> entry.index() > persist.truncateAfter());
        }
        journal.addAll(persist.append());
        events.add(new Event.Persisted(persist.ticket()));
      }
      case Effect.Commit commit -> committed += commit.entries().size();
      case Effect.Send(Message message) -> peer.events.add(new Event.Received(message));
      case Effect.Opened opened -> events.add(new Event.Tick());
      case Effect.Ask ask -> {
        // Nothing here dies: the configuration stays what it is.
      }
      case Effect.Closed closed -> throw new IllegalStateException(name + ": " + closed.why());
      case Effect.Install install -> throw new IllegalStateException(name + " wants a full copy");
      case Effect.Halt halt -> throw new IllegalStateException(name + ": " + halt.why());
    }
  }

  private void trim(long time) {
    long spare = replica.status().commitIndex() - KEPT;
    if (journal.size() > 2 * KEPT && journal.getFirst().index() < spare) {
      journal.subList(0, (int) (spare - journal.getFirst().index())).clear();
      replica.step(new Event.Trimmed(journal.getFirst().index() - 1), time);
    }
  }
}
