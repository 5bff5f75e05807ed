package social.starling.bench.load;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import social.starling.common.Limits;

/**
 * The simulated users and whom they follow: the same for the same prefix and size, so that a set-up
 * that was interrupted can be continued and one that is there can be used.
 *
 * @param prefix of every name
 * @param size number of users
 * @param following how many each follows, less than {@code size}
 */
record Population(String prefix, int size, int following) {

  Population {
    if (size < 1 || size > 1_000_000) {
      throw new IllegalArgumentException("the number of users can be 1 to 1,000,000");
    }
    if (following < 0 || following >= size || following > 1000) {
      throw new IllegalArgumentException(
          "a user can follow 0 to 1,000 others, and fewer than there are users");
    }
    Limits.checkName(prefix + (size - 1));
  }

  String name(int user) {
    return prefix + user;
  }

  /** Whom a user follows, no one twice and not itself. */
  List<Integer> followedBy(int user) {
    SplittableRandom random = new SplittableRandom(31L * size + user);
    Set<Integer> chosen = new LinkedHashSet<>();
    if (following > size / 2) {
      List<Integer> others = new ArrayList<>();
      for (int i = 0; i < size; i++) {
        if (i != user) {
          others.add(i);
        }
      }
      Collections.shuffle(others, new java.util.Random(user));
      return List.copyOf(others.subList(0, following));
    }
    while (chosen.size() < following) {
      int other = random.nextInt(size);
      if (other != user) {
        chosen.add(other);
      }
    }
    return List.copyOf(chosen);
  }
}
