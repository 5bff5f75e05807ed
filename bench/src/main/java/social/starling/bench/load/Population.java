package social.starling.bench.load;

import java.util.ArrayList;
import java.util.List;
import social.starling.common.Limits;

/**
 * The simulated users and whom they follow: the same for the same prefix, size and average, so that
 * a set-up that was interrupted can be continued, one that is there can be used, and other systems
 * can be given the same. See {@link Graph} for who follows whom. Immutable.
 */
public final class Population {

  private static final int MOST_USERS = 1_000_000;

  private final String prefix;
  private final Graph graph;

  /**
   * @param prefix of every name
   * @param size number of users, 1 to 1,000,000
   * @param following how many each follows on average, less than {@code size}, at most {@value
   *     Graph#MOST_FOLLOWERS}
   * @throws IllegalArgumentException for other numbers
   */
  public Population(String prefix, int size, int following) {
    if (size < 1 || size > MOST_USERS) {
      throw new IllegalArgumentException("the number of users can be 1 to 1,000,000");
    }
    if (following < 0 || following >= size || following > Graph.MOST_FOLLOWERS) {
      throw new IllegalArgumentException(
          "a user can follow 0 to 1,000 others, and fewer than there are users");
    }
    Limits.checkName(prefix + (size - 1));
    this.prefix = prefix;
    this.graph = Graph.of(size, following);
  }

  public int size() {
    return graph.size();
  }

  public String name(int user) {
    return prefix + user;
  }

  /** Whom a user follows, no one twice and not itself. */
  public List<Integer> followedBy(int user) {
    return boxed(graph.followedBy(user));
  }

  /** Who follows a user. */
  public List<Integer> followersOf(int user) {
    return boxed(graph.followersOf(user));
  }

  private static List<Integer> boxed(int[] users) {
    List<Integer> list = new ArrayList<>(users.length);
    for (int user : users) {
      list.add(user);
    }
    return list;
  }
}
