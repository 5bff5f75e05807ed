package social.starling.bench.failover;

import java.util.Collection;
import java.util.OptionalLong;

/**
 * What one fault did to the writes around it. Times in nanoseconds.
 *
 * @param next from the fault to the end of the first acknowledged write that began after it; empty
 *     when there was none
 * @param gap the longest time without any acknowledgement from the fault on
 * @param failed calls that failed
 * @param slowest the longest call, from its beginning to its end
 */
record Outage(OptionalLong next, long gap, int failed, long slowest, int acknowledged) {

  /**
   * Judges.
   *
   * @param fault before it was caused; times count from here
   * @param caused after it was caused: a write that began before may have been answered before
   * @param until what ended later is not looked at
   * @param writes those that ended at or after the fault, in any order
   */
  static Outage of(long fault, long caused, long until, Collection<Write> writes) {
    long[] acknowledgements =
        writes.stream()
            .filter(write -> write.isAcknowledged() && within(write, fault, until))
            .mapToLong(Write::ended)
            .sorted()
            .toArray();
    long gap = 0;
    long last = fault;
    for (long at : acknowledgements) {
      gap = Math.max(gap, at - last);
      last = at;
    }
    OptionalLong next =
        writes.stream()
            .filter(write -> write.isAcknowledged() && within(write, fault, until))
            .filter(write -> write.begun() >= caused)
            .mapToLong(write -> write.ended() - fault)
            .min();
    int failed =
        (int)
            writes.stream()
                .filter(write -> !write.isAcknowledged() && within(write, fault, until))
                .count();
    long slowest =
        writes.stream()
            .filter(write -> within(write, fault, until))
            .mapToLong(write -> write.ended() - write.begun())
            .max()
            .orElse(0);
    return new Outage(next, gap, failed, slowest, acknowledgements.length);
  }

  private static boolean within(Write write, long fault, long until) {
    return write.ended() >= fault && write.ended() <= until;
  }
}
