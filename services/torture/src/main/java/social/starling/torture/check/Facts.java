package social.starling.torture.check;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import social.starling.torture.history.Call;
import social.starling.torture.history.Call.Outcome;
import social.starling.torture.history.Content;
import social.starling.torture.history.Event;
import social.starling.torture.history.History;
import social.starling.torture.history.Operation;
import social.starling.torture.history.Shown;

/**
 * What a history says of each post and user, in arrays: users have numbers, and posts have, in the
 * order of their ids. Times that never came are {@link #NEVER}. Immutable once made.
 */
final class Facts {

  static final long NEVER = Long.MAX_VALUE;

  /**
   * The library begins a new client id after five idle minutes; a write of the new one says nothing
   * of those of the old one.
   */
  private static final long SAME_CLIENT = TimeUnit.MINUTES.toNanos(4);

  /** How a post came to be. */
  enum Origin {
    ACKNOWLEDGED,
    /** Asked for, without an answer: it happened, for it is there. */
    UNKNOWN,
    /** Asked for, and refused. */
    REFUSED,
    NOT_ASKED
  }

  final History history;
  final List<Call> calls = new ArrayList<>();

  /** Names by number. */
  final List<String> names = new ArrayList<>();

  private final Map<String, Integer> numbers = new HashMap<>();
  private final Map<String, Integer> clusters = new HashMap<>();

  /** By user: number of the cluster, or −1. */
  private int[] home = new int[0];

  /** Ids of all posts, ascending. */
  final long[] ids;

  /** By post: number of the author; −1 if nobody saw what it is. */
  final int[] author;

  final Origin[] origin;

  /** By post: when it was asked for; NEVER if it was not. */
  final long[] begun;

  /** By post: when it was acknowledged. */
  final long[] acknowledged;

  /** By post: before this, nobody had asked for its deletion, of those that may have been done. */
  final long[] deleteBegun;

  /** By post: when a deletion was acknowledged. */
  final long[] deleted;

  /** By user: posts, ascending. */
  final int[][] byAuthor;

  /** By post: its place among those of its author. */
  final int[] place;

  /** By cluster, by post: from here on it is certain that the cluster has it, or had it. */
  private final long[][] applied;

  /** By call, unknown writes only: if it takes effect, it has by then. */
  private final Map<Call, Long> settled = new IdentityHashMap<>();

  /** Of posts whose text is acknowledged under another id: that id. */
  final Map<Integer, Long> otherId = new HashMap<>();

  Facts(History history) {
    this.history = history;
    history.homes().keySet().forEach(this::number);
    for (Event event : history.events()) {
      if (event instanceof Call call) {
        calls.add(call);
        number(call.user());
        switch (call.operation()) {
          case Operation.Follow follow -> number(follow.name());
          case Operation.Unfollow unfollow -> number(unfollow.name());
          case Operation.Posts posts -> number(posts.author());
          case Operation.Following following -> following.names().forEach(this::number);
          case Operation.Followers followers -> followers.names().forEach(this::number);
          default -> {}
        }
      }
    }
    ids = ids(history);
    int count = ids.length;
    author = new int[count];
    origin = new Origin[count];
    begun = filled(count);
    acknowledged = filled(count);
    deleteBegun = filled(count);
    deleted = filled(count);
    place = new int[count];
    for (int post = 0; post < count; post++) {
      Content content = history.contents().get(ids[post]);
      author[post] = content == null ? -1 : number(content.author());
    }
    settle();
    take();
    home = new int[names.size()];
    for (int user = 0; user < home.length; user++) {
      String cluster = history.homes().get(names.get(user));
      home[user] = cluster == null ? -1 : clusters.computeIfAbsent(cluster, _ -> clusters.size());
    }
    byAuthor = byAuthor();
    applied = new long[clusters.size()][];
    Arrays.setAll(applied, _ -> filled(count));
    observe();
  }

  // ---------------------------------------------------------------- users

  /** Number of a user, given at the first mention. */
  private int number(String name) {
    Integer number = numbers.get(name);
    if (number == null) {
      number = names.size();
      numbers.put(name, number);
      names.add(name);
    }
    return number;
  }

  /** Number of a user; −1 for one who is never mentioned. */
  int user(String name) {
    return numbers.getOrDefault(name, -1);
  }

  /** Number of the user's cluster, from 0; −1 if nobody knows. */
  int home(int user) {
    return user < 0 ? -1 : home[user];
  }

  int clusterCount() {
    return clusters.size();
  }

  /** Whether two users certainly live in the same cluster. */
  boolean together(int user, int other) {
    return home(user) >= 0 && home(user) == home(other);
  }

  // ---------------------------------------------------------------- posts

  /** Number of a post; negative if nothing was ever said of it. */
  int post(long id) {
    return Arrays.binarySearch(ids, id);
  }

  /** A post as a person may recognize it. */
  String shown(int post) {
    Content content = history.contents().get(ids[post]);
    return content == null
        ? "post %d, whose content was never recorded".formatted(ids[post])
        : "post %d of %s \"%s\"".formatted(ids[post], content.author(), Text.brief(content.text()));
  }

  /** Whether a post was asked for and may be there. */
  boolean isReal(int post) {
    return origin[post] == Origin.ACKNOWLEDGED || origin[post] == Origin.UNKNOWN;
  }

  /** From when on it is certain that a cluster has a post, or had it. */
  long applied(int cluster, int post) {
    return cluster < 0 ? NEVER : applied[cluster][post];
  }

  /** From when on it is certain that a post took effect. */
  long happened(int post) {
    int at = author[post] < 0 ? -1 : home(author[post]);
    return Math.min(acknowledged[post], applied(at, post));
  }

  /** By when a write of unknown outcome has taken effect if it ever does. */
  long settled(Call call) {
    return settled.getOrDefault(call, NEVER);
  }

  /** The place of the first of an author's posts whose id is at least this. */
  int placeOf(int user, long id) {
    int[] posts = byAuthor[user];
    int low = 0;
    int high = posts.length;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (ids[posts[middle]] < id) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  // ---------------------------------------------------------------- making

  private static long[] filled(int count) {
    long[] times = new long[count];
    Arrays.fill(times, NEVER);
    return times;
  }

  private static long[] ids(History history) {
    Ids all = new Ids(history.contents().size() + 16);
    history.contents().keySet().forEach(all::add);
    for (Event event : history.events()) {
      switch (event) {
        case Shown shown -> all.addUnless(history.contents(), shown.id());
        case Call call -> {
          if (call.outcome() == Outcome.OK) {
            switch (call.operation()) {
              case Operation.Post post -> all.addUnless(history.contents(), post.id());
              case Operation.Posts page ->
                  page.ids().forEach(id -> all.addUnless(history.contents(), id));
              case Operation.Timeline page ->
                  page.ids().forEach(id -> all.addUnless(history.contents(), id));
              default -> {}
            }
          }
        }
        default -> {}
      }
    }
    if (history.stored() != null) {
      for (List<Long> some : history.stored().posts().values()) {
        some.forEach(id -> all.addUnless(history.contents(), id));
      }
      for (List<Long> some : history.stored().timelines().values()) {
        some.forEach(id -> all.addUnless(history.contents(), id));
      }
    }
    return all.sorted();
  }

  /** Numbers that grow in number. */
  private static final class Ids {
    private long[] values;
    private int size;

    Ids(int capacity) {
      values = new long[capacity];
    }

    void add(long id) {
      if (size == values.length) {
        values = Arrays.copyOf(values, size * 2);
      }
      values[size++] = id;
    }

    void addUnless(Map<Long, ?> known, long id) {
      if (!known.containsKey(id)) {
        add(id);
      }
    }

    long[] sorted() {
      return Arrays.stream(values, 0, size).sorted().distinct().toArray();
    }
  }

  private void settle() {
    Map<Integer, List<Call>> open = new HashMap<>();
    Map<Integer, Long> lastBegun = new HashMap<>();
    for (Call call : calls) {
      if (!call.operation().isWrite()) {
        continue;
      }
      List<Call> unknown = open.computeIfAbsent(call.session(), _ -> new ArrayList<>());
      Long last = lastBegun.put(call.session(), call.begun());
      if (last != null && call.begun() - last > SAME_CLIENT) {
        unknown.clear();
      }
      switch (call.outcome()) {
        case OK -> {
          unknown.forEach(earlier -> settled.put(earlier, call.ended()));
          unknown.clear();
        }
        case UNKNOWN -> unknown.add(call);
        case FAILED -> {}
      }
    }
  }

  private void take() {
    Arrays.fill(origin, Origin.NOT_ASKED);
    Map<String, Call> unanswered = new HashMap<>();
    for (Call call : calls) {
      switch (call.operation()) {
        case Operation.Post asked when call.outcome() == Outcome.OK -> {
          int post = post(asked.id());
          origin[post] = Origin.ACKNOWLEDGED;
          begun[post] = Math.min(begun[post], call.begun());
          acknowledged[post] = Math.min(acknowledged[post], call.ended());
        }
        case Operation.Post asked -> unanswered.put(asked.text(), call);
        case Operation.Delete delete when call.outcome() != Outcome.FAILED -> {
          int post = post(delete.id());
          if (post >= 0) {
            deleteBegun[post] = Math.min(deleteBegun[post], call.begun());
            if (call.outcome() == Outcome.OK) {
              deleted[post] = Math.min(deleted[post], call.ended());
            }
          }
        }
        default -> {}
      }
    }
    Map<String, Integer> unexplained = new HashMap<>();
    for (int post = 0; post < ids.length; post++) {
      Content content = history.contents().get(ids[post]);
      if (origin[post] == Origin.NOT_ASKED && content != null) {
        explain(post, content, unanswered.get(content.text()));
        unexplained.put(content.text(), post);
      }
    }
    if (!unexplained.isEmpty()) {
      for (Call call : calls) {
        if (call.operation() instanceof Operation.Post asked
            && call.outcome() == Outcome.OK
            && unexplained.containsKey(asked.text())) {
          otherId.put(unexplained.get(asked.text()), asked.id());
        }
      }
    }
  }

  private void explain(int post, Content content, Call call) {
    if (call == null || !call.user().equals(content.author())) {
      return;
    }
    begun[post] = call.begun();
    origin[post] = call.outcome() == Outcome.UNKNOWN ? Origin.UNKNOWN : Origin.REFUSED;
  }

  private int[][] byAuthor() {
    int[] counts = new int[names.size()];
    for (int user : author) {
      if (user >= 0) {
        counts[user]++;
      }
    }
    int[][] posts = new int[counts.length][];
    Arrays.setAll(posts, user -> new int[counts[user]]);
    int[] next = new int[counts.length];
    for (int post = 0; post < author.length; post++) {
      if (author[post] >= 0) {
        place[post] = next[author[post]];
        posts[author[post]][next[author[post]]++] = post;
      }
    }
    return posts;
  }

  private void observe() {
    for (int post = 0; post < ids.length; post++) {
      seen(-1, post, acknowledged[post]);
    }
    for (Event event : history.events()) {
      switch (event) {
        case Shown shown -> seen(home(user(shown.reader())), post(shown.id()), shown.at());
        case Call call when call.outcome() == Outcome.OK -> {
          switch (call.operation()) {
            case Operation.Posts page -> page.ids().forEach(id -> seen(-1, post(id), call.ended()));
            case Operation.Timeline page -> {
              int cluster = home(user(call.user()));
              page.ids().forEach(id -> seen(cluster, post(id), call.ended()));
            }
            default -> {}
          }
        }
        default -> {}
      }
    }
  }

  /** What any cluster shows, the author's has. */
  private void seen(int cluster, int post, long at) {
    int authors = author[post] < 0 ? -1 : home[author[post]];
    if (authors >= 0) {
      applied[authors][post] = Math.min(applied[authors][post], at);
    }
    if (cluster >= 0) {
      applied[cluster][post] = Math.min(applied[cluster][post], at);
    }
  }
}
