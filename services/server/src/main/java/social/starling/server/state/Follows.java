package social.starling.server.state;

import java.util.Arrays;

/** Collects follows while loading, so that each user's arrays are made once. */
final class Follows {

  private int[] followers = new int[1024];
  private int[] authors = new int[1024];
  private long[] since = new long[1024];
  private long[] positions = new long[1024];
  private int size;

  void add(int follower, int author, long index, long position) {
    if (size == followers.length) {
      followers = Arrays.copyOf(followers, size * 2);
      authors = Arrays.copyOf(authors, size * 2);
      since = Arrays.copyOf(since, size * 2);
      positions = Arrays.copyOf(positions, size * 2);
    }
    followers[size] = follower;
    authors[size] = author;
    since[size] = index;
    positions[size++] = position;
  }

  void finish(Users users) {
    int[] rank = ranks(users);
    int[] followingCount = new int[users.count()];
    int[] followerCount = new int[users.count()];
    for (int i = 0; i < size; i++) {
      followingCount[followers[i]]++;
      followerCount[authors[i]]++;
    }
    // Each user's are sorted by the rank of the name, packed with where the follow stands.
    long[][] following = new long[users.count()][];
    long[][] followedBy = new long[users.count()][];
    for (int i = 0; i < users.count(); i++) {
      following[i] = new long[followingCount[i]];
      followedBy[i] = new long[followerCount[i]];
    }
    for (int i = 0; i < size; i++) {
      following[followers[i]][--followingCount[followers[i]]] = (long) rank[authors[i]] << 32 | i;
      followedBy[authors[i]][--followerCount[authors[i]]] = (long) rank[followers[i]] << 32 | i;
    }
    for (int user = 0; user < users.count(); user++) {
      Arrays.sort(following[user]);
      Arrays.sort(followedBy[user]);
      int[] whom = new int[following[user].length];
      long[] when = new long[whom.length];
      long[] where = new long[whom.length];
      boolean anywhere = false;
      long newest = 0;
      for (int i = 0; i < whom.length; i++) {
        whom[i] = authors[(int) following[user][i]];
        when[i] = since[(int) following[user][i]];
        newest = Math.max(newest, when[i]);
        where[i] = positions[(int) following[user][i]];
        anywhere |= where[i] != 0;
      }
      users.get(user).following = new Following(whom, when, anywhere ? where : new long[0], newest);
      int[] who = new int[followedBy[user].length];
      for (int i = 0; i < who.length; i++) {
        who[i] = followers[(int) followedBy[user][i]];
      }
      users.get(user).followers = who;
    }
  }

  /** Where each user stands in the order of names. */
  private static int[] ranks(Users users) {
    User[] ordered = new User[users.count()];
    for (int i = 0; i < ordered.length; i++) {
      ordered[i] = users.get(i);
    }
    Arrays.sort(ordered, (a, b) -> a.lower.compareTo(b.lower));
    int[] rank = new int[ordered.length];
    for (int i = 0; i < ordered.length; i++) {
      rank[ordered[i].number] = i;
    }
    return rank;
  }
}
