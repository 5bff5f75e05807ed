package social.starling.common;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.ToLongFunction;
import java.util.function.UnaryOperator;

/**
 * An immutable value of which there is always a current one, made from what others tell. Changes
 * are made one at a time, under one lock; reading takes none. Thread-safe.
 *
 * @param <T> type of the value
 */
public final class Published<T> {

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final List<Consumer<T>> listeners = new CopyOnWriteArrayList<>();
  private final ToLongFunction<T> version;
  private volatile T current;
  private volatile long heardAtNanos = System.nanoTime();

  /**
   * Begins with a value.
   *
   * @param version of a value: another one with each change
   */
  public Published(T first, ToLongFunction<T> version) {
    this.current = first;
    this.version = version;
  }

  /** The value as it is now. */
  public T current() {
    return current;
  }

  /** Since something was {@linkplain #hear heard} last (since the start when nothing has been). */
  public Duration age() {
    return Duration.ofNanos(System.nanoTime() - heardAtNanos);
  }

  /** Calls the listener at each change, under the lock and in order; it must not block. */
  public void onChange(Consumer<T> listener) {
    listeners.add(listener);
  }

  /** As {@link #change}, because something was heard. */
  public void hear(UnaryOperator<T> next) {
    change(value -> {
      heardAtNanos = System.nanoTime();
      return next.apply(value);
    });
  }

  /**
   * Changes the value.
   *
   * @param next gives the next value from the current one, or the very same one for no change;
   *     called under the lock, and must not block
   */
  public void change(UnaryOperator<T> next) {
    lock.lock();
    try {
      T changedTo = next.apply(current);
      if (changedTo == current) {
        return;
      }
      current = changedTo;
      for (Consumer<T> listener : listeners) {
        listener.accept(changedTo);
      }
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Waits until there is a value other than the one with this version.
   *
   * @return false when the time passed without one
   */
  public boolean awaitOtherThan(long seen, Duration time) throws InterruptedException {
    lock.lockInterruptibly();
    try {
      long left = time.toNanos();
      while (version.applyAsLong(current) == seen) {
        if (left <= 0) {
          return false;
        }
        left = changed.awaitNanos(left);
      }
      return true;
    } finally {
      lock.unlock();
    }
  }
}
