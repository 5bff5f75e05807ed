package social.starling.server.state;

/**
 * Merges the posts of those whom a user follows, read backwards (timelines) or forwards (streams).
 * The cost is one look at each author and a heap of those who have something: O(F + K log F).
 */
final class Timelines {

  private final Users users;
  private final PostTable posts;

  Timelines(Users users, PostTable posts) {
    this.users = users;
    this.posts = posts;
  }

  /**
   * The newest posts by id, newest first.
   *
   * @param asOf posts of later entries do not count
   * @param maxId only ids below; 0 for no bound
   * @param sinceId only ids above
   * @return numbers of posts
   */
  int[] newest(Following following, long asOf, long maxId, long sinceId, int limit) {
    int authors = following.size();
    Heap heap = new Heap(authors);
    int[][] numbers = new int[authors][];
    int[] at = new int[authors];
    for (int i = 0; i < authors; i++) {
      User author = users.get(following.authors()[i]);
      int count = author.postCount();
      numbers[i] = author.posts();
      at[i] = maxId > 0 ? posts.firstWithId(numbers[i], count, maxId) : count;
      at[i] = before(numbers[i], at[i], asOf, following.since()[i], sinceId);
      if (at[i] >= 0) {
        heap.add(-posts.id(numbers[i][at[i]]), i);
      }
    }
    heap.order();
    int[] found = new int[limit];
    int size = 0;
    while (size < limit && !heap.isEmpty()) {
      int i = heap.first();
      found[size++] = numbers[i][at[i]];
      at[i] = before(numbers[i], at[i], asOf, following.since()[i], sinceId);
      if (at[i] >= 0) {
        heap.replaceFirst(-posts.id(numbers[i][at[i]]));
      } else {
        heap.removeFirst();
      }
    }
    return java.util.Arrays.copyOf(found, size);
  }

  /** The posts that were applied after {@code cursor}, in the order of application. */
  int[] after(Following following, long asOf, long cursor, int limit) {
    int authors = following.size();
    Heap heap = new Heap(authors);
    int[][] numbers = new int[authors][];
    int[] at = new int[authors];
    int[] ends = new int[authors];
    for (int i = 0; i < authors; i++) {
      User author = users.get(following.authors()[i]);
      int count = author.postCount();
      int[] own = author.posts();
      long after = Math.max(cursor, following.since()[i]);
      if (count == 0 || posts.index(own[count - 1]) <= after) {
        continue;
      }
      numbers[i] = own;
      ends[i] = count;
      at[i] = next(own, posts.firstAfter(own, count, after), count, asOf);
      if (at[i] < count) {
        heap.add(own[at[i]], i);
      }
    }
    heap.order();
    int[] found = new int[limit];
    int size = 0;
    while (size < limit && !heap.isEmpty()) {
      int i = heap.first();
      found[size++] = numbers[i][at[i]];
      at[i] = next(numbers[i], at[i] + 1, ends[i], asOf);
      if (at[i] < ends[i]) {
        heap.replaceFirst(numbers[i][at[i]]);
      } else {
        heap.removeFirst();
      }
    }
    return java.util.Arrays.copyOf(found, size);
  }

  /** One author's newest posts, newest first. */
  int[] of(User author, long asOf, long maxId, long sinceId, int limit) {
    int count = author.postCount();
    int[] numbers = author.posts();
    int at = maxId > 0 ? posts.firstWithId(numbers, count, maxId) : count;
    int[] found = new int[Math.min(limit, count)];
    int size = 0;
    while (size < found.length && (at = before(numbers, at, asOf, 0, sinceId)) >= 0) {
      found[size++] = numbers[at];
    }
    return java.util.Arrays.copyOf(found, size);
  }

  /** The next place below {@code at} whose post counts, or −1. */
  private int before(int[] numbers, int at, long asOf, long since, long sinceId) {
    for (int i = at - 1; i >= 0; i--) {
      int post = numbers[i];
      long index = posts.index(post);
      if (index <= since || posts.id(post) <= sinceId) {
        return -1;
      }
      if (index <= asOf && !posts.deleted(post)) {
        return i;
      }
    }
    return -1;
  }

  /** The first place from {@code at} on whose post counts, or {@code end}. */
  private int next(int[] numbers, int at, int end, long asOf) {
    for (int i = at; i < end; i++) {
      if (posts.index(numbers[i]) > asOf) {
        return end;
      }
      if (!posts.deleted(numbers[i])) {
        return i;
      }
    }
    return end;
  }
}
