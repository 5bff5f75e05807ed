package social.starling.bench.growth;

import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongFunction;
import java.util.function.Supplier;

/** A number of calls, one after the other, each once, while there is time. Thread-safe. */
final class Supply implements Supplier<Call> {

  private final AtomicLong next;
  private final long end;
  private final LongFunction<Call> calls;
  private final Budget budget;

  /**
   * @param from number of the first call
   * @param end number after the last one
   */
  Supply(long from, long end, Budget budget, LongFunction<Call> calls) {
    this.next = new AtomicLong(from);
    this.end = end;
    this.budget = budget;
    this.calls = calls;
  }

  @Override
  public Call get() {
    long number = next.getAndIncrement();
    return number < end && !budget.isOver() ? calls.apply(number) : null;
  }
}
