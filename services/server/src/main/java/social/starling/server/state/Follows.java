package social.starling.server.state;

import java.util.Arrays;

/**
 * Collects follows while loading, so that each user's arrays are made once. Follows of one follower
 * that come one after the other take no room besides what they take in the end; in any other order
 * they only take longer.
 */
final class Follows {

  private final Users users;

  /** Where each user stands in the order of names, and the other way round; at the first follow. */
  private int[] rank;

  private int[] ranked;

  private int follower = -1;
  private int[] authors = new int[64];
  private long[] since = new long[64];
  private long[] positions = new long[64];
  private int size;

  /** Ranks of each user's followers, in the order in which they came. */
  private int[][] followers;

  private int[] counts;

  /**
   * @param users all of them, before the first follow
   */
  Follows(Users users) {
    this.users = users;
  }

  void add(int by, int author, long index, long position) {
    if (rank == null) {
      rank();
    }
    if (by != follower) {
      place();
      follower = by;
    }
    collect(author, index, position);
    int[] of = followers[author];
    int count = counts[author]++;
    if (of == null || count == of.length) {
      of = of == null ? new int[4] : Arrays.copyOf(of, count + (count >> 1));
      followers[author] = of;
    }
    of[count] = rank[by];
  }

  private void collect(int author, long index, long position) {
    if (size == authors.length) {
      authors = Arrays.copyOf(authors, size * 2);
      since = Arrays.copyOf(since, size * 2);
      positions = Arrays.copyOf(positions, size * 2);
    }
    authors[size] = author;
    since[size] = index;
    positions[size++] = position;
  }

  /** After the last one. */
  void finish() {
    if (rank == null) {
      return;
    }
    place();
    for (int author = 0; author < followers.length; author++) {
      int count = counts[author];
      if (count > 0) {
        int[] who = Arrays.copyOf(followers[author], count);
        followers[author] = null;
        Arrays.sort(who);
        for (int i = 0; i < count; i++) {
          who[i] = ranked[who[i]];
        }
        users.get(author).followers = who;
      }
    }
  }

  /** Gives the follower what came for it. */
  private void place() {
    if (size == 0) {
      return;
    }
    User user = users.get(follower);
    Following before = user.following;
    for (int i = 0; i < before.size(); i++) {
      // Seldom: it was thought to be complete.
      collect(before.authors()[i], before.since()[i], before.position(i));
    }
    user.following = following();
    size = 0;
  }

  private Following following() {
    // Sorted by the rank of the name, packed with where the follow stands.
    long[] order = new long[size];
    for (int i = 0; i < size; i++) {
      order[i] = (long) rank[authors[i]] << 32 | i;
    }
    Arrays.sort(order);
    int[] whom = new int[size];
    long[] when = new long[size];
    long[] where = new long[size];
    boolean anywhere = false;
    long newest = 0;
    for (int i = 0; i < size; i++) {
      int at = (int) order[i];
      whom[i] = authors[at];
      when[i] = since[at];
      newest = Math.max(newest, when[i]);
      where[i] = positions[at];
      anywhere |= where[i] != 0;
    }
    return new Following(whom, when, anywhere ? where : new long[0], newest);
  }

  private void rank() {
    User[] ordered = new User[users.count()];
    for (int i = 0; i < ordered.length; i++) {
      ordered[i] = users.get(i);
    }
    Arrays.sort(ordered, (a, b) -> a.lower.compareTo(b.lower));
    rank = new int[ordered.length];
    ranked = new int[ordered.length];
    for (int i = 0; i < ordered.length; i++) {
      rank[ordered[i].number] = i;
      ranked[i] = ordered[i].number;
    }
    followers = new int[ordered.length][];
    counts = new int[ordered.length];
  }
}
