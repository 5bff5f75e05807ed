package social.starling.server.member;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import social.starling.replication.Event;
import social.starling.replication.Message;

/**
 * What waits for the replica thread. Nobody who puts something in ever waits for room, so no thread
 * can block on itself:
 *
 * <ul>
 *   <li>the store's and the coordinators' events are always taken; there are only as many as the
 *       replica and the coordinators cause;
 *   <li>messages of the other member are dropped beyond a bound, as messages may be;
 *   <li>clients' writes are refused beyond a bound. They are handed out after the rest, and only so
 *       many in one turn, so that a flood of them holds up nothing.
 * </ul>
 *
 * <p>Thread-safe; one thread takes.
 *
 * @param <W> a client's write
 */
final class Inbox<W> {

  private static final int MAX_MESSAGES = 1_024;
  private static final long MAX_MESSAGE_BYTES = 32L << 20;
  private static final int MAX_WRITES = 16_384;
  private static final int MAX_EVENTS_AT_ONCE = 1_024;
  private static final int MAX_WRITES_AT_ONCE = 256;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition some = lock.newCondition();
  private final Deque<Event> events = new ArrayDeque<>();
  private final Deque<W> writes = new ArrayDeque<>();
  private int messages;
  private long messageBytes;
  private boolean closed;

  /** When the first of the writes came that wait, or one before it. */
  private long firstWriteAt;

  /** Whether who takes waits for more writes, and need not be told of each. */
  private boolean gathering;

  /** Whether the message was taken. */
  boolean message(Event.Received message) {
    lock.lock();
    try {
      long bytes = weight(message.message());
      if (messages >= MAX_MESSAGES || messageBytes + bytes > MAX_MESSAGE_BYTES) {
        return false;
      }
      messages++;
      messageBytes += bytes;
      return add(message);
    } finally {
      lock.unlock();
    }
  }

  void event(Event event) {
    lock.lock();
    try {
      add(event);
    } finally {
      lock.unlock();
    }
  }

  /** Whether there was room for it. */
  boolean write(W write) {
    lock.lock();
    try {
      if (closed || writes.size() >= MAX_WRITES) {
        return false;
      }
      if (writes.isEmpty()) {
        firstWriteAt = System.nanoTime();
      }
      writes.add(write);
      if (!gathering || writes.size() >= MAX_WRITES_AT_ONCE) {
        some.signal();
      }
      return true;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Waits until there is something, at most for a time, and takes a turn's worth.
   *
   * @param takenEvents gets the events and messages, in the order in which they came
   * @param takenWrites gets the writes, in the order in which they came
   * @param nanos how long to wait at most
   * @param patience nanoseconds for which writes may be left waiting for others to come, from the
   *     first one on; 0: they are taken at once
   */
  void take(List<Event> takenEvents, List<W> takenWrites, long nanos, long patience)
      throws InterruptedException {
    lock.lockInterruptibly();
    try {
      long now = System.nanoTime();
      long until = now + nanos;
      while (events.isEmpty() && !closed) {
        long left = Math.min(until - now, untilDue(now, patience));
        if (left <= 0) {
          break;
        }
        gathering = !writes.isEmpty();
        some.awaitNanos(left);
        gathering = false;
        now = System.nanoTime();
      }
      while (!events.isEmpty() && takenEvents.size() < MAX_EVENTS_AT_ONCE) {
        Event event = events.poll();
        if (event instanceof Event.Received(_, Message message)) {
          messages--;
          messageBytes -= weight(message);
        }
        takenEvents.add(event);
      }
      if (untilDue(now, patience) <= 0) {
        while (!writes.isEmpty() && takenWrites.size() < MAX_WRITES_AT_ONCE) {
          takenWrites.add(writes.poll());
        }
      }
    } finally {
      lock.unlock();
    }
  }

  /** Nanoseconds until the writes that wait are to be taken; for ever when there are none. */
  private long untilDue(long now, long patience) {
    if (writes.isEmpty()) {
      return Long.MAX_VALUE;
    }
    return writes.size() >= MAX_WRITES_AT_ONCE ? 0 : firstWriteAt + patience - now;
  }

  /** Takes no more writes; returns those that wait, for somebody must answer them. */
  List<W> close() {
    lock.lock();
    try {
      closed = true;
      List<W> left = new ArrayList<>(writes);
      writes.clear();
      some.signal();
      return left;
    } finally {
      lock.unlock();
    }
  }

  /** Writes that wait. */
  int waitingWrites() {
    lock.lock();
    try {
      return writes.size();
    } finally {
      lock.unlock();
    }
  }

  /** Events and messages that wait. */
  int waitingEvents() {
    lock.lock();
    try {
      return events.size();
    } finally {
      lock.unlock();
    }
  }

  private boolean add(Event event) {
    events.add(event);
    some.signal();
    return true;
  }

  private static long weight(Message message) {
    return message instanceof Message.Append append
        ? append.entries().stream().mapToLong(each -> each.weight()).sum()
        : 0;
  }
}
