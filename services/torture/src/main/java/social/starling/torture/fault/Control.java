package social.starling.torture.fault;

import java.time.Duration;
import java.util.OptionalLong;

/**
 * What one process suffers from at this moment. Holds for processes that are started later, too,
 * until {@link #clear}. Each fault can be asked for on top of others. Thread-safe.
 */
public interface Control {

  /** Each sync of a file or of all files takes this much longer. */
  void slow(Duration perSync);

  /** Whatever writes, syncs, creates or deletes waits until {@link #clear}. Reads go on. */
  void hang();

  /** No space is left: files do not grow; what they have can be written over. */
  default void full() {
    full(0);
  }

  /**
   * Little space is left. What is deleted or cut off counts as free again.
   *
   * @param left bytes by which files can still grow
   */
  void full(long left);

  /** Whatever writes, syncs, creates or deletes fails: input/output error. */
  void failing();

  /** Syncs say that they are done, and are not. A {@link PowerCut} tells. */
  void lying();

  /** The time of day is off by so much; clocks that count from the start are right. */
  void clock(Duration offset);

  /** Ends all of these. */
  void clear();

  /** The process that is under control; empty before there was one. */
  OptionalLong attached();

  /** How many syncs there were, in all processes so far. */
  long syncs();

  /** How many calls met a fault. */
  long struck();

  /** How many writes a power cut could not undo: more than 0 makes power cuts worthless. */
  long lost();
}
