package social.starling.client;

import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Supplier;
import social.starling.common.Errors;
import social.starling.proto.sns.v1.Post;
import social.starling.proto.sns.v1.Reason;
import social.starling.proto.sns.v1.WriteId;

/** What the members of a pretended cluster share: users, follows, posts, recorded answers. */
public final class FakeState {

  /** A change of the journal; only posts show in a stream. */
  public record Change(long index, Post post) {}

  private record Key(String client, long sequence) {}

  private record Answer(Object value, StatusRuntimeException error) {}

  private final Map<String, String> users = new TreeMap<>();
  private final Map<String, Map<String, Long>> follows = new HashMap<>();
  private final List<Change> journal = new ArrayList<>();
  private final Set<Long> deleted = new HashSet<>();
  private final Map<Key, Answer> answers = new HashMap<>();
  private final Set<String> forgotten = new HashSet<>();
  private final List<WriteId> writes = new ArrayList<>();
  private long time = 1_700_005_645_000L;

  /** Does a write once, and gives the first answer ever after. */
  @SuppressWarnings("unchecked")
  synchronized <A> A write(WriteId id, Supplier<A> effect) {
    writes.add(id);
    if (forgotten.contains(id.getClient())) {
      throw Errors.of(
          Status.Code.FAILED_PRECONDITION, Reason.SESSION_EXPIRED, "the session expired");
    }
    Key key = new Key(id.getClient(), id.getSequence());
    Answer answer = answers.get(key);
    if (answer == null) {
      try {
        answer = new Answer(effect.get(), null);
      } catch (StatusRuntimeException e) {
        answer = new Answer(null, e);
      }
      answers.put(key, answer);
    }
    if (answer.error() != null) {
      throw answer.error();
    }
    return (A) answer.value();
  }

  /** Every write that arrived, repetitions too, in order. */
  public synchronized List<WriteId> writes() {
    return List.copyOf(writes);
  }

  /** Forgets all clients so far: what they send from now on has expired. */
  public synchronized void forgetClients() {
    answers.keySet().forEach(key -> forgotten.add(key.client()));
  }

  public synchronized boolean login(String user) {
    boolean created = users.putIfAbsent(lower(user), user) == null;
    append(null);
    return created;
  }

  public synchronized List<String> users() {
    return List.copyOf(users.values());
  }

  public synchronized void follow(String user, String name) {
    String author = registered(name);
    Map<String, Long> followed = follows.computeIfAbsent(lower(user), u -> new TreeMap<>());
    if (lower(user).equals(author) || followed.containsKey(author)) {
      throw Errors.of(
          Status.Code.ALREADY_EXISTS, Reason.ALREADY_FOLLOWING, "you follow " + name + " already");
    }
    followed.put(author, append(null));
  }

  public synchronized void unfollow(String user, String name) {
    if (lower(user).equals(lower(name))) {
      throw Errors.of(Status.Code.INVALID_ARGUMENT, Reason.SELF, "nobody follows oneself");
    }
    String author = registered(name);
    if (follows.computeIfAbsent(lower(user), u -> new TreeMap<>()).remove(author) == null) {
      throw Errors.of(
          Status.Code.FAILED_PRECONDITION, Reason.NOT_FOLLOWING, "you do not follow " + name);
    }
    append(null);
  }

  public synchronized Post post(String user, String text) {
    registered(user);
    Post post =
        Post.newBuilder()
            .setId(1000L + journal.size())
            .setAuthor(users.get(lower(user)))
            .setText(text)
            .setTimeMillis(time++)
            .build();
    append(post);
    return post;
  }

  public synchronized void delete(String user, long id) {
    Post post =
        journal.stream()
            .filter(change -> change.post() != null && change.post().getId() == id)
            .map(Change::post)
            .filter(p -> !deleted.contains(p.getId()))
            .findFirst()
            .orElseThrow(() ->
                Errors.of(Status.Code.NOT_FOUND, Reason.POST_UNKNOWN, "there is no post " + id));
    if (!post.getAuthor().equalsIgnoreCase(user)) {
      throw Errors.of(
          Status.Code.PERMISSION_DENIED, Reason.NOT_AUTHOR, "post " + id + " is not yours");
    }
    deleted.add(id);
    append(null);
  }

  public synchronized List<Post> posts(String author) {
    registered(author);
    return journal.stream()
        .filter(change -> change.post() != null)
        .map(Change::post)
        .filter(post -> post.getAuthor().equalsIgnoreCase(author))
        .filter(post -> !deleted.contains(post.getId()))
        .toList()
        .reversed();
  }

  public synchronized List<String> followers(String user) {
    return follows.entrySet().stream()
        .filter(each -> each.getValue().containsKey(lower(user)))
        .map(each -> users.get(each.getKey()))
        .sorted(String.CASE_INSENSITIVE_ORDER)
        .toList();
  }

  public synchronized List<String> following(String user) {
    return follows.getOrDefault(lower(user), Map.of()).keySet().stream().map(users::get).toList();
  }

  /** The posts of a user's timeline after a change, oldest first. */
  public synchronized List<Change> timeline(String user, long after) {
    Map<String, Long> followed = follows.getOrDefault(lower(user), Map.of());
    return journal.stream()
        .filter(change -> change.index() > after && change.post() != null)
        .filter(change -> !deleted.contains(change.post().getId()))
        .filter(change ->
            followed.getOrDefault(lower(change.post().getAuthor()), Long.MAX_VALUE)
                < change.index())
        .toList();
  }

  public synchronized long lastIndex() {
    return journal.size();
  }

  /** Waits a moment for changes after one. */
  synchronized void awaitAfter(long index, long millis) throws InterruptedException {
    if (journal.size() <= index) {
      wait(millis);
    }
  }

  private long append(Post post) {
    journal.add(new Change(journal.size() + 1L, post));
    notifyAll();
    return journal.size();
  }

  private String registered(String name) {
    if (!users.containsKey(lower(name))) {
      throw Errors.of(Status.Code.NOT_FOUND, Reason.USER_UNKNOWN, "there is no user " + name);
    }
    return lower(name);
  }

  private static String lower(String name) {
    return name.toLowerCase(Locale.ROOT);
  }
}
