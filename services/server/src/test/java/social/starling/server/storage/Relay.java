package social.starling.server.storage;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import social.starling.proto.journal.v1.Answer;
import social.starling.proto.journal.v1.Received;
import social.starling.server.state.Outgoing;
import social.starling.server.state.Position;
import social.starling.server.state.State;

/**
 * Two synchronizers and the network between them, at their worst: what one cluster has for another
 * is read in pieces and delivered late, twice, in any order, or never.
 */
final class Relay {

  private static final int IN_FLIGHT = 12;

  private final SimulatedCluster sender;
  private final SimulatedCluster receiver;
  private final Random random;
  private final List<Message> inFlight = new ArrayList<>();

  /** Where reading goes on, and where the last batch ended. */
  private Position read = Position.ZERO;

  private Position chained = Position.ZERO;
  private Position oldCursor = Position.ZERO;
  private boolean away;

  /** A batch; or, without one, that nothing else is there up to {@code seen}. */
  private record Message(Received batch, Position after, long seen) {}

  Relay(SimulatedCluster sender, SimulatedCluster receiver, Random random) {
    this.sender = sender;
    this.receiver = receiver;
    this.random = random;
  }

  void step() {
    if (random.nextInt(60) == 0) {
      away = !away;
    }
    if (away && random.nextInt(8) > 0) {
      return;
    }
    switch (random.nextInt(12)) {
      case 0 -> begin();
      case 1, 2, 3, 4 -> send();
      default -> deliver();
    }
  }

  /** Begins again, usually at the receiver's cursor, or at one that it had. */
  private void begin() {
    Position cursor = receiver.state().cursor(sender.number);
    read = random.nextInt(4) == 0 ? oldCursor : cursor;
    chained = read;
    oldCursor = cursor;
  }

  private void send() {
    if (inFlight.size() >= IN_FLIGHT) {
      return;
    }
    int most = 1 + random.nextInt(20);
    Outgoing outgoing = sender.state().outgoing(receiver.number, read, most);
    assertThat(outgoing.steps()).hasSizeLessThanOrEqualTo(most);
    assertThat(outgoing.reached().compareTo(read)).isNotNegative();
    for (Received batch : batches(outgoing, chained, sender.number, random)) {
      inFlight.add(new Message(batch, chained, 0));
      chained = Position.of(batch.getUpTo());
    }
    read = outgoing.reached();
    if (read.within() == 0 && read.compareTo(chained) > 0) {
      if (random.nextBoolean()) {
        inFlight.add(new Message(null, chained, read.index()));
      } else {
        inFlight.add(new Message(batch(chained, read, sender.number).build(), chained, 0));
        chained = read;
      }
    }
  }

  private void deliver() {
    if (inFlight.isEmpty()) {
      return;
    }
    // Often in order, or nothing would ever arrive.
    int at = random.nextInt(3) > 0 ? 0 : random.nextInt(inFlight.size());
    Message message = random.nextInt(6) == 0 ? inFlight.get(at) : inFlight.remove(at);
    if (random.nextInt(10) == 0) {
      return;
    }
    if (message.batch() == null) {
      if (receiver.state().cursor(sender.number).compareTo(message.after()) >= 0) {
        receiver.saw(sender.number, message.seen());
      }
      return;
    }
    take(receiver, message.batch());
  }

  private static void take(SimulatedCluster receiver, Received batch) {
    assertThat(State.defect(batch)).isEmpty();
    Position before = receiver.state().cursor(batch.getCluster());
    boolean fits = before.equals(Position.of(batch.getAfter()));
    Answer answer = receiver.apply(receiver.entries.received(batch.toBuilder()));
    assertThat(answer.getReason()).isEqualTo(fits ? "" : "NOT_READY");
    assertThat(receiver.state().cursor(batch.getCluster()))
        .isEqualTo(fits ? Position.of(batch.getUpTo()) : before);
  }

  /** One undisturbed exchange; whether anything came, or the cursor moved. */
  static boolean catchUp(SimulatedCluster sender, SimulatedCluster receiver, int most) {
    Position cursor = receiver.state().cursor(sender.number);
    Outgoing outgoing = sender.state().outgoing(receiver.number, cursor, most);
    Position chained = cursor;
    for (Received batch : batches(outgoing, chained, sender.number, new Random(most))) {
      take(receiver, batch);
      chained = Position.of(batch.getUpTo());
    }
    boolean any = !outgoing.steps().isEmpty() || outgoing.more();
    if (any && outgoing.reached().compareTo(chained) > 0) {
      take(receiver, batch(chained, outgoing.reached(), sender.number).build());
    }
    return any;
  }

  private static List<Received> batches(
      Outgoing outgoing, Position from, int sender, Random random) {
    List<Received> batches = new ArrayList<>();
    Position after = from;
    Received.Builder batch = null;
    for (Outgoing.Step step : outgoing.steps()) {
      assertThat(step.upTo().compareTo(after)).isPositive();
      if (batch == null) {
        batch = batch(after, step.upTo(), sender);
      }
      batch.setUpTo(step.upTo().message()).addItems(step.item());
      after = step.upTo();
      if (step.item().hasPost() || random.nextInt(3) == 0) {
        batches.add(batch.build());
        batch = null;
      }
    }
    if (batch != null) {
      batches.add(batch.build());
    }
    assertThat(outgoing.reached().compareTo(after)).isNotNegative();
    return batches;
  }

  private static Received.Builder batch(Position after, Position upTo, int sender) {
    return Received.newBuilder()
        .setCluster(sender)
        .setAfter(after.message())
        .setUpTo(upTo.message());
  }
}
