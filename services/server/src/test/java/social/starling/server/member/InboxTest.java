package social.starling.server.member;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import social.starling.replication.Event;
import social.starling.replication.Message;

@Timeout(10)
class InboxTest {

  /** Nanoseconds, beyond the limit of a test. */
  private static final long LONG = 3_600_000_000_000L;

  private final Inbox<Integer> inbox = new Inbox<>();
  private final List<Event> events = new ArrayList<>();
  private final List<Integer> writes = new ArrayList<>();

  private void take() throws InterruptedException {
    events.clear();
    writes.clear();
    inbox.take(events, writes, 1_000_000, 0);
  }

  @Test
  void eventsAreNeverDroppedAndNobodyWaitsToAddThem() throws Exception {
    for (int i = 0; i < 100_000; i++) {
      inbox.event(new Event.Persisted(i));
    }
    long next = 0;
    while (next < 100_000) {
      take();
      for (Event event : events) {
        assertThat(event).isEqualTo(new Event.Persisted(next++));
      }
    }
    take();
    assertThat(events).isEmpty();
  }

  @Test
  void aFloodOfWritesIsBoundedAndLeavesRoomForEvents() throws Exception {
    int taken = 0;
    while (inbox.write(taken)) {
      taken++;
    }
    assertThat(taken).isBetween(1_000, 100_000);
    inbox.event(new Event.Persisted(1));

    take();

    assertThat(events).containsExactly(new Event.Persisted(1));
    assertThat(writes.size()).isLessThan(1_000);
    assertThat(writes).startsWith(0, 1, 2);
    assertThat(inbox.write(0)).isTrue();
  }

  @Test
  void messagesBeyondABoundAreDropped() throws Exception {
    int taken = 0;
    while (taken < 100_000 && inbox.message(new Event.Received(new Message.Resign(taken)))) {
      taken++;
    }
    assertThat(taken).isBetween(100, 10_000);

    take();

    assertThat(inbox.message(new Event.Received(new Message.Resign(0)))).isTrue();
  }

  @Test
  void aClosedInboxTakesNoWritesAndGivesBackThoseThatWaited() {
    inbox.write(1);
    inbox.write(2);

    assertThat(inbox.close()).containsExactly(1, 2);
    assertThat(inbox.write(3)).isFalse();
  }

  @Test
  void writesWaitForOthersAsLongAsOneHasPatienceAndEventsDoNot() throws Exception {
    inbox.write(1);
    inbox.event(new Event.Persisted(1));

    inbox.take(events, writes, LONG, LONG);

    assertThat(events).hasSize(1);
    assertThat(writes).isEmpty();
    inbox.take(events, writes, LONG, 0);
    assertThat(writes).containsExactly(1);
  }

  @Test
  void patienceEndsSomeTimeAfterTheFirstWrite() throws Exception {
    Thread writer =
        Thread.ofVirtual()
            .start(() -> {
              inbox.write(1);
              inbox.write(2);
            });

    inbox.take(events, writes, LONG, 20_000_000);
    writer.join();

    assertThat(writes).startsWith(1);
  }

  @Test
  void aTurnsWorthOfWritesWaitsForNoOthers() throws Exception {
    Thread writer =
        Thread.ofVirtual()
            .start(() -> {
              for (int i = 0; i < 1_000; i++) {
                inbox.write(i);
              }
            });

    inbox.take(events, writes, LONG, LONG);
    writer.join();

    assertThat(writes).hasSizeGreaterThan(100);
  }

  @Test
  void patienceEndsWhenNoMoreIsTaken() throws Exception {
    Thread closer = Thread.ofVirtual().start(inbox::close);

    inbox.take(events, writes, LONG, LONG);
    closer.join();

    assertThat(writes).isEmpty();
  }
}
