package social.starling.replication;

import java.nio.ByteBuffer;
import social.starling.replication.Counts.Seen;
import social.starling.replication.SimulatedProcess.Attempt;

/**
 * Writes one thing after the other, and repeats each until it is answered. An impatient one tries
 * both members in turn: it finds a new master as soon as it opens.
 */
final class SimulatedClient implements Requester {

  private final Simulation simulation;
  private final String id;
  private final boolean impatient;
  private long sequence;
  private boolean answered = true;
  private long answeredAt;
  private int target;
  private int attempt;

  SimulatedClient(Simulation simulation, String id, boolean impatient) {
    this.simulation = simulation;
    this.id = id;
    this.impatient = impatient;
  }

  void write() {
    if (!simulation.writing() || !answered) {
      return;
    }
    if (simulation.faulty() && simulation.random().nextInt(8) == 0) {
      target = 1 - target; // Perhaps the other one serves: it should not, or it should know all.
    }
    sequence++;
    answered = false;
    answeredAt = 0;
    attempt();
  }

  private void attempt() {
    int number = ++attempt;
    RequestId request = new RequestId(id, sequence);
    byte[] content = ByteBuffer.allocate(8).putLong(sequence).array();
    simulation.submit(target, new Attempt(this, request, content));
    if (simulation.random().nextInt(40) == 0) {
      simulation.submit(1 - target, new Attempt(this, request, content));
    }
    long patience =
        impatient
            ? 10_000_000L + simulation.random().nextLong(40_000_000L)
            : 200_000_000L + simulation.random().nextLong(400_000_000L);
    simulation.after(patience, () -> again(number, true));
  }

  private void again(int number, boolean elsewhere) {
    if (answered || attempt != number) {
      return;
    }
    simulation.counts().add(Seen.RETRIES);
    if (elsewhere) {
      target = 1 - target;
    }
    attempt();
  }

  @Override
  public void refused(RequestId request) {
    if (request.sequence() == sequence && !answered) {
      int number = ++attempt;
      simulation.after(
          5_000_000L + simulation.random().nextLong(40_000_000L),
          () -> again(number, simulation.random().nextInt(3) > 0));
    }
  }

  @Override
  public void done(RequestId request, long index) {
    if (request.sequence() != sequence) {
      return;
    }
    if (answered) {
      if (index != answeredAt) {
        throw new Violation(
            Invariant.ONCE, "%s was answered %d and %d".formatted(request, answeredAt, index));
      }
      return;
    }
    answered = true;
    answeredAt = index;
    simulation.counts().add(Seen.ACKNOWLEDGED);
    simulation.countWritten();
    simulation.after(simulation.think(), this::write);
  }
}
