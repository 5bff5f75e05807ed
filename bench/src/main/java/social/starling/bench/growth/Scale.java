package social.starling.bench.growth;

import java.time.Duration;
import java.util.List;

/**
 * How much is measured.
 *
 * @param runs of each point
 * @param window measured in each run, after as much warm-up as {@code warmUp}
 * @param followed how many the readers follow
 * @param followers how many follow the authors
 * @param users steps of the number of users
 * @param followsEach whom each of them follows, in the end
 * @param posts steps of the number of posts
 * @param limit of a part; what does not fit is left out, and told
 */
record Scale(
    int runs,
    Duration warmUp,
    Duration window,
    List<Integer> followed,
    List<Integer> followers,
    List<Integer> users,
    int followsEach,
    List<Integer> posts,
    Duration limit) {

  /** Under 20 minutes in all on two quiet processors. */
  static final Scale FULL =
      new Scale(
          3,
          Duration.ofMillis(1000),
          Duration.ofMillis(3000),
          List.of(10, 20, 50, 100, 200, 500, 1000, 2000, 5000),
          List.of(0, 10, 100, 1000, 10_000, 100_000),
          List.of(25_000, 50_000, 100_000),
          10,
          List.of(100_000, 250_000, 500_000, 1_000_000),
          Duration.ofMinutes(9));

  /** Under 5 minutes. */
  static final Scale SHORT =
      new Scale(
          1,
          Duration.ofMillis(1000),
          Duration.ofMillis(1500),
          List.of(10, 50, 200, 1000, 5000),
          List.of(0, 100, 10_000),
          List.of(5_000, 10_000),
          10,
          List.of(25_000, 100_000),
          Duration.ofMinutes(2));

  /** The same with another number of runs and another limit. */
  Scale with(int otherRuns, Duration otherLimit) {
    return new Scale(
        otherRuns, warmUp, window, followed, followers, users, followsEach, posts, otherLimit);
  }
}
