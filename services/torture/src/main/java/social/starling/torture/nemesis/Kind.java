package social.starling.torture.nemesis;

import java.util.Locale;

/** Kinds of faults, with how often each is chosen. */
public enum Kind {
  /** SIGKILL. */
  KILL(20),
  /** SIGSTOP, and SIGCONT later. */
  STOP(14),
  /** SIGTERM: a process ends in order, and hands over before. */
  TERM(5),
  /** A handover on purpose. */
  SWITCHOVER(4),
  /** Bytes from one part to another are held back, one way or both, until it is over. */
  CUT(16),
  /** They arrive later. */
  DELAY(6),
  /** Connections are reset. */
  RESET(4),
  /** Each fsync takes longer. */
  DISK_SLOW(5),
  /** Writes and fsyncs return when it is over. */
  DISK_HANG(5),
  /** There is no space left. */
  DISK_FULL(5),
  /** Writes and fsyncs fail. */
  DISK_ERROR(3),
  /** A wall clock is wrong, and right again later. */
  CLOCK(6),
  /** A data directory is deleted, and its process killed; only while another one is in sync. */
  LOSE(5),
  /** SIGKILL, and what was not fsynced is gone. */
  POWER(8);

  private final int weight;

  Kind(int weight) {
    this.weight = weight;
  }

  int weight() {
    return weight;
  }

  /** As it is written on a command line and in a report. */
  public String word() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** Whether it acts through the preloaded library. */
  public boolean needsShim() {
    return switch (this) {
      case DISK_SLOW, DISK_HANG, DISK_FULL, DISK_ERROR, CLOCK, POWER -> true;
      case KILL, STOP, TERM, SWITCHOVER, CUT, DELAY, RESET, LOSE -> false;
    };
  }
}
