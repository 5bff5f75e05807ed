package social.starling.server.state;

import java.util.Arrays;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Who is to be woken when someone posts: each author knows which of its followers have a live
 * stream, so that a post costs nothing for the others, however many they are.
 *
 * <p>{@link User#watchers} and {@link User#listening} are changed here only, under one lock. Who
 * begins to watch enters itself with those whom it follows then; who follows or unfollows later is
 * told of by the applying thread after it has changed {@link User#following}. Whichever of the two
 * has the lock last sees what the other did, so that none is missed.
 */
final class Watchers {

  private static final Runnable[] NOBODY = {};

  private final Users users;

  Watchers(Users users) {
    this.users = users;
  }

  /** Begins; {@link #end} it. Any thread. */
  synchronized void begin(User user, Runnable wake) {
    Runnable[] before = user.watchers;
    Runnable[] more = Arrays.copyOf(before, before.length + 1);
    more[before.length] = wake;
    user.watchers = more;
    if (before.length == 0) {
      for (int author : user.following.authors()) {
        enter(user, users.get(author));
      }
    }
  }

  /** Ends what was begun. Any thread. */
  synchronized void end(User user, Runnable wake) {
    Runnable[] before = user.watchers;
    int at = Arrays.asList(before).indexOf(wake);
    if (at < 0) {
      return;
    }
    Runnable[] fewer = before.length == 1 ? NOBODY : Arrays.copyOf(before, before.length - 1);
    System.arraycopy(before, at + 1, fewer, at, before.length - at - 1);
    user.watchers = fewer;
    if (fewer.length == 0) {
      for (int author : user.following.authors()) {
        leave(user, users.get(author));
      }
    }
  }

  /** After a user came to follow an author. Applying thread. */
  void followed(User user, User author) {
    if (user.watchers.length > 0) {
      synchronized (this) {
        if (user.watchers.length > 0) {
          enter(user, author);
        }
      }
    }
  }

  /** After a user ceased to follow an author. Applying thread. */
  void unfollowed(User user, User author) {
    if (user.watchers.length > 0 || author.listening != null) {
      synchronized (this) {
        leave(user, author);
      }
    }
  }

  /** Wakes those who follow an author now. Applying thread. */
  void wake(User author) {
    Set<User> listening = author.listening;
    if (listening != null) {
      for (User user : listening) {
        for (Runnable wake : user.watchers) {
          wake.run();
        }
      }
    }
  }

  private static void enter(User user, User author) {
    Set<User> listening = author.listening;
    if (listening == null) {
      listening = ConcurrentHashMap.newKeySet(4);
      author.listening = listening;
    }
    listening.add(user);
  }

  private static void leave(User user, User author) {
    Set<User> listening = author.listening;
    if (listening != null && listening.remove(user) && listening.isEmpty()) {
      author.listening = null;
    }
  }
}
