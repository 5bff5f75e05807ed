package social.starling.bench.load;

import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * Who follows whom: a few are followed by many, most by few. How many followers a user has is drawn
 * from a power law cut off at {@value #MOST_FOLLOWERS} (a bounded Pareto distribution: the chance
 * of having more than k falls with k to the power of {@value #EXPONENT}, as measured of social
 * networks); who they are is drawn evenly, so that how many a user follows is near the average.
 * Immutable.
 */
final class Graph {

  /** The most followers that anyone has. */
  static final int MOST_FOLLOWERS = 1000;

  /** Of the share of users that have more than k followers. */
  static final double EXPONENT = 1.1;

  private static final long SEED = 7;

  private final int[][] followers;
  private final int[][] followed;

  private Graph(int[][] followers, int[][] followed) {
    this.followers = followers;
    this.followed = followed;
  }

  /**
   * @param average number of followers, and of followed; less than {@code size}
   */
  static Graph of(int size, int average) {
    SplittableRandom random = new SplittableRandom(SEED + 31L * size + average);
    int[] counts = followerCounts(size, average);
    shuffle(counts, random);
    int[][] followers = new int[size][];
    int[] following = new int[size];
    int[] all = new int[size];
    Arrays.setAll(all, i -> i);
    for (int user = 0; user < size; user++) {
      followers[user] = draw(all, user, counts[user], random);
      for (int follower : followers[user]) {
        following[follower]++;
      }
    }
    int[][] followed = new int[size][];
    Arrays.setAll(followed, user -> new int[following[user]]);
    for (int user = 0; user < size; user++) {
      for (int follower : followers[user]) {
        followed[follower][--following[follower]] = user;
      }
    }
    return new Graph(followers, followed);
  }

  int size() {
    return followers.length;
  }

  int[] followersOf(int user) {
    return followers[user];
  }

  int[] followedBy(int user) {
    return followed[user];
  }

  /** How many followers there are by rank, the most first; they sum up to the average, exactly. */
  static int[] followerCounts(int size, int average) {
    int[] counts = new int[size];
    if (average == 0) {
      return counts;
    }
    double most = Math.min(MOST_FOLLOWERS, size - 1);
    double least = leastFor(size, average, most);
    double exact = 0;
    long given = 0;
    for (int rank = 0; rank < size; rank++) {
      exact += quantile((rank + 0.5) / size, least, most);
      // What rounding takes from one the next one gets.
      counts[rank] = (int) Math.min(most, Math.round(exact) - given);
      given += counts[rank];
    }
    return counts;
  }

  /** The least number of followers with which they have the average. */
  private static double leastFor(int size, int average, double most) {
    double low = 1e-9;
    double high = most;
    for (int i = 0; i < 200; i++) {
      double middle = (low + high) / 2;
      double sum = 0;
      for (int rank = 0; rank < size; rank++) {
        sum += quantile((rank + 0.5) / size, middle, most);
      }
      if (sum < (double) average * size) {
        low = middle;
      } else {
        high = middle;
      }
    }
    return high;
  }

  /** How many followers the user has that a share of all users surpasses. */
  private static double quantile(double share, double least, double most) {
    double ratio = Math.pow(least / most, EXPONENT);
    return least * Math.pow(share + (1 - share) * ratio, -1 / EXPONENT);
  }

  /** Draws some users and not the one named: the beginning of a shuffle. */
  private static int[] draw(int[] all, int except, int count, SplittableRandom random) {
    int[] drawn = new int[count];
    int found = 0;
    for (int i = 0; found < count; i++) {
      int other = i + random.nextInt(all.length - i);
      int user = all[other];
      all[other] = all[i];
      all[i] = user;
      if (user != except) {
        drawn[found++] = user;
      }
    }
    return drawn;
  }

  private static void shuffle(int[] values, SplittableRandom random) {
    for (int i = values.length - 1; i > 0; i--) {
      int other = random.nextInt(i + 1);
      int value = values[i];
      values[i] = values[other];
      values[other] = value;
    }
  }
}
