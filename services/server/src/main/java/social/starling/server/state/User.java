package social.starling.server.state;

import java.util.Set;

/**
 * A user and its posts. Changed by the applying thread only; read by any thread: what is published
 * through a volatile field is complete.
 */
final class User {

  private static final int[] NONE = {};
  private static final Runnable[] NOBODY = {};

  final int number;

  /** Number of the cluster where it lives, or {@link State#LOCAL}. */
  final int home;

  final String name;
  final String lower;
  final long index;

  /** Whom it follows. Replaced, never changed. */
  volatile Following following = Following.NOBODY;

  /** Numbers of its followers, by name. Replaced, never changed. */
  volatile int[] followers = NONE;

  /** Which clusters want its posts, if it lives here. Replaced, never changed. */
  volatile Want[] wants = Want.none();

  /** To be woken when one whom it follows has posted. Replaced, never changed. */
  volatile Runnable[] watchers = NOBODY;

  /** Its followers who have a live stream, or null while there are none. See {@link Watchers}. */
  volatile Set<User> listening;

  /** Bytes of its post file. Applying thread only. */
  long fileLength;

  private volatile int[] posts = NONE;
  private volatile int postCount;

  User(int number, String name, int home, long index) {
    this.number = number;
    this.home = home;
    this.name = name;
    this.lower = Names.lower(name);
    this.index = index;
  }

  boolean local() {
    return home == State.LOCAL;
  }

  /** Number of its posts, deleted ones included. Read it before {@link #posts}. */
  int postCount() {
    return postCount;
  }

  /** Numbers of its posts, ascending; only the first {@link #postCount} count. */
  int[] posts() {
    return posts;
  }

  void addPost(int number) {
    int count = postCount;
    int[] numbers = posts;
    if (count == numbers.length) {
      numbers = java.util.Arrays.copyOf(numbers, count < 4 ? 4 : count + (count >> 1));
      posts = numbers;
    }
    numbers[count] = number;
    postCount = count + 1;
  }

  @Override
  public String toString() {
    return name;
  }
}
