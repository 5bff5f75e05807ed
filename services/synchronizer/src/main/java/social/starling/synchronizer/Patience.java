package social.starling.synchronizer;

import java.time.Duration;

/**
 * How long things are waited for.
 *
 * @param silence a process that says nothing for so long is given up, though its connection stands;
 *     each says something every second
 * @param alive how long a relay is silent at most while it waits for its master; well below silence
 * @param master how long a subscriber is kept waiting for a master
 * @param slowReader a subscriber that reads nothing for so long is cut
 * @param firstWait before something that failed is tried again
 * @param maxWait the waits double up to this
 */
record Patience(
    Duration silence,
    Duration alive,
    Duration master,
    Duration slowReader,
    Duration firstWait,
    Duration maxWait) {

  static final Patience DEFAULT =
      new Patience(
          Duration.ofSeconds(3),
          Duration.ofMillis(1500),
          Duration.ofSeconds(5),
          Duration.ofSeconds(30),
          Duration.ofMillis(10),
          Duration.ofMillis(500));
}
