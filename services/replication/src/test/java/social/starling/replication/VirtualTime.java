package social.starling.replication;

import java.util.PriorityQueue;

/**
 * The time of a simulation and what is to happen in it. Things of the same moment happen in the
 * order in which they were planned. One thread.
 */
public final class VirtualTime {

  private record Scheduled(long time, long order, Runnable action) {}

  private final PriorityQueue<Scheduled> agenda =
      new PriorityQueue<>((x, y) ->
          x.time != y.time ? Long.compare(x.time, y.time) : Long.compare(x.order, y.order));
  private long now;
  private long order;
  private long events;

  /** Nanoseconds since the beginning. */
  public long now() {
    return now;
  }

  /** How many things have happened. */
  public long events() {
    return events;
  }

  public void at(long time, Runnable action) {
    agenda.add(new Scheduled(time, order++, action));
  }

  /**
   * @param delay in nanoseconds
   */
  public void after(long delay, Runnable action) {
    at(now + delay, action);
  }

  /** The next thing happens. */
  public void step() {
    Scheduled next = agenda.remove();
    now = next.time;
    events++;
    next.action.run();
  }
}
