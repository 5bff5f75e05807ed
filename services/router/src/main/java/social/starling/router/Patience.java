package social.starling.router;

import java.time.Duration;

/**
 * How long the router waits for what.
 *
 * @param call for a call whose caller set no deadline
 * @param callDown for a cluster none of whose members can be connected to, in a call
 * @param streamDown for a member that begins a stream; one that has begun is never given up
 * @param silence for a word of a member that should say something each second
 * @param probe for the answer of a member that is not named as master
 * @param stale for a word of any coordinator (they speak each second) before the map may be old
 * @param hang for the answer of the master of a map that may be old
 */
record Patience(
    Duration call,
    Duration callDown,
    Duration streamDown,
    Duration silence,
    Duration probe,
    Duration stale,
    Duration hang) {

  static final Patience DEFAULT =
      new Patience(
          Duration.ofSeconds(5),
          Duration.ofSeconds(2),
          Duration.ofSeconds(5),
          Duration.ofMillis(2500),
          Duration.ofMillis(300),
          Duration.ofSeconds(3),
          Duration.ofSeconds(1));
}
