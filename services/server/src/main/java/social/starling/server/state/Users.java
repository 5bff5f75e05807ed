package social.starling.server.state;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentNavigableMap;
import java.util.concurrent.ConcurrentSkipListMap;

/** All users, by number, by name and in the order of their names. One thread adds; any reads. */
final class Users {

  private final ConcurrentHashMap<String, User> byName = new ConcurrentHashMap<>();
  private final ConcurrentNavigableMap<String, User> ordered = new ConcurrentSkipListMap<>();
  private volatile User[] byNumber = new User[64];
  private volatile int count;

  int count() {
    return count;
  }

  User get(int number) {
    return byNumber[number];
  }

  /** The user of that name, ignoring case, or null. */
  User find(String name) {
    return byName.get(Names.lower(name));
  }

  User add(String name, int home, long index) {
    int number = count;
    User user = new User(number, name, home, index);
    User[] users = byNumber;
    if (number == users.length) {
      users = Arrays.copyOf(users, number * 2);
    }
    users[number] = user;
    byNumber = users;
    byName.put(user.lower, user);
    ordered.put(user.lower, user);
    count = number + 1;
    return user;
  }

  /** Names after one, in order. */
  List<String> after(String name, int limit) {
    List<String> names = new ArrayList<>(Math.min(limit, 1024));
    for (User user : ordered.tailMap(Names.lower(name), false).values()) {
      if (names.size() == limit) {
        break;
      }
      names.add(user.name);
    }
    return names;
  }

  /** Names of these users (which are in the order of names) after one. */
  List<String> after(int[] numbers, String name, int limit) {
    int at = search(numbers, Names.lower(name));
    int from = at >= 0 ? at + 1 : -at - 1;
    int to = (int) Math.min(numbers.length, (long) from + limit);
    List<String> names = new ArrayList<>(to - from);
    for (int i = from; i < to; i++) {
      names.add(get(numbers[i]).name);
    }
    return names;
  }

  /** Where the lower-cased name stands among these, or −1 − where it belongs. */
  int search(int[] numbers, String lower) {
    int low = 0;
    int high = numbers.length - 1;
    while (low <= high) {
      int middle = (low + high) >>> 1;
      int order = get(numbers[middle]).lower.compareTo(lower);
      if (order == 0) {
        return middle;
      }
      if (order < 0) {
        low = middle + 1;
      } else {
        high = middle - 1;
      }
    }
    return -low - 1;
  }
}
