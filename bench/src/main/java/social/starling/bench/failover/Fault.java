package social.starling.bench.failover;

/** What is done to the master. */
public enum Fault {
  /** SIGKILL. */
  KILL,
  /** SIGSTOP, and SIGCONT some seconds later. */
  STOP,
  /** SIGTERM: it hands over and ends. */
  TERM,
  /** It is asked to hand over, and goes on as the slave. */
  SWITCHOVER
}
