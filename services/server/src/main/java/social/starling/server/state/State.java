package social.starling.server.state;

import com.google.protobuf.ByteString;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import social.starling.proto.journal.v1.Answer;
import social.starling.proto.journal.v1.Request;
import social.starling.proto.sns.v1.Post;
import social.starling.proto.sns.v1.Reason;
import social.starling.replication.Entry;
import social.starling.replication.RequestId;

/**
 * A member's users, follows, posts and recorded answers: the fold of the committed journal.
 *
 * <p><b>Applying.</b> One thread calls {@link #apply} for each committed entry, in order. The
 * answer and the change depend on the entry and on the state before it, and on nothing else, so
 * that both members compute the same.
 *
 * <p><b>Reading.</b> Any thread reads, beside the applying one, without a lock; neither ever waits
 * for the other. Each read sees the state exactly as it was after some entry, at least the last one
 * applied when the read began:
 *
 * <ol>
 *   <li>What an entry changes is complete before the applied index says so.
 *   <li>A reader takes whom the user follows, then the applied index, and begins again if the
 *       former has changed meanwhile. Posts of later entries are left out by their index.
 *   <li>A deletion is not undone for those who read an earlier state: a reader that finds that one
 *       happened after the index that it took begins again.
 * </ol>
 *
 * <p>Texts that are not in memory are read from the post files after that, so a read may block on
 * the disk, or throw {@link DamagedException}.
 */
public final class State {

  /** Bytes of texts that are kept in memory by default. */
  public static final long DEFAULT_CACHE_BYTES = 16L << 20;

  /** Longest text, in bytes of UTF-8. */
  static final int MAX_TEXT = 5000;

  private final Users users;
  private final PostTable posts;
  private final Answers answers;
  private final Timelines timelines;
  private final RecordSource source;
  private final TextCache read = new TextCache();
  private final Set<User> watched = ConcurrentHashMap.newKeySet();

  private volatile long appliedIndex;
  private volatile long lastDeletion;
  private volatile long writtenIndex;

  // Applying thread only.
  private long checksum;

  State(
      Users users,
      PostTable posts,
      Answers answers,
      RecordSource source,
      long appliedIndex,
      long checksum) {
    this.users = users;
    this.posts = posts;
    this.answers = answers;
    this.source = source;
    this.timelines = new Timelines(users, posts);
    this.appliedIndex = appliedIndex;
    this.writtenIndex = appliedIndex;
    this.checksum = checksum;
  }

  /**
   * Applies the next committed entry. Applying thread only.
   *
   * @throws UnappliableException this version cannot apply it: stop
   * @throws IllegalArgumentException it is not the next entry
   */
  public Applied apply(Entry entry) {
    if (entry.index() != appliedIndex + 1) {
      throw new IllegalArgumentException(
          "entry %s cannot be applied after %d".formatted(entry, appliedIndex));
    }
    Request request = Requests.parse(entry);
    List<Effect> effects = new ArrayList<>(3);
    Optional<Answer> early =
        answers.lookup(entry.requestId(), request).or(() -> answers.refuse(entry));
    User[] author = new User[1];
    Answer answer =
        early.orElseGet(() -> {
          Answer made = perform(entry, request, effects, author);
          answers.record(entry, request, made, effects);
          return made;
        });
    appliedIndex = entry.index();
    if (author[0] != null) {
      wake(author[0]);
      posts.evict(writtenIndex);
    }
    return new Applied(answer, new Change(entry.index(), effects, totals()));
  }

  /** Everything up to this entry is in here. */
  public long appliedIndex() {
    return appliedIndex;
  }

  /** Numbers over the whole state. Applying thread only. */
  public Change.Totals totals() {
    return new Change.Totals(checksum + answers.checksum(), answers.horizon());
  }

  /** The volume holds the effects of entries up to here: their texts may be read from there. */
  public void written(long index) {
    writtenIndex = index;
  }

  /**
   * Whether a write need not be journaled, before it is: the recorded answer of a repeat, or a
   * refusal (INVALID_REQUEST, SEQUENCE_REUSED, SESSION_EXPIRED). Empty: go on.
   *
   * @param request the serialized request that would be journaled
   */
  public Optional<Answer> lookup(RequestId id, byte[] request) {
    return answers.lookup(id, Requests.parse(new Entry(0, 0, id, 0, 0, request)));
  }

  /** Number of users. */
  public int userCount() {
    return users.count();
  }

  /** Number of clients whose answers are recorded. */
  public int clientCount() {
    return answers.clientCount();
  }

  /** Number of posts ever made, deleted ones included. */
  public int postCount() {
    return posts.size();
  }

  /** The name as it was registered, if it was. */
  public Optional<String> registered(String name) {
    return Optional.ofNullable(users.find(name)).map(user -> user.name);
  }

  /** Whether there is such a user, ignoring case. */
  public boolean exists(String name) {
    return users.find(name) != null;
  }

  /**
   * Users by name, ignoring case.
   *
   * @param after only names after this one; empty for all
   * @param limit at most so many
   */
  public List<String> users(String after, int limit) {
    return users.after(after, limit);
  }

  /** Those who follow a user, by name; empty when there is no such user. */
  public Optional<List<String>> followers(String user, String after, int limit) {
    return Optional.ofNullable(users.find(user))
        .map(found -> users.after(found.followers, after, limit));
  }

  /** Those whom a user follows, by name; empty when there is no such user. */
  public Optional<List<String>> following(String user, String after, int limit) {
    return Optional.ofNullable(users.find(user))
        .map(found -> users.after(found.following.authors(), after, limit));
  }

  /**
   * An author's posts, newest first; empty when there is no such user.
   *
   * @param maxId only ids below; 0 for no bound
   * @param sinceId only ids above; 0 for no bound
   * @param limit at most so many
   */
  public Optional<List<Post>> posts(String author, long maxId, long sinceId, int limit) {
    User user = users.find(author);
    if (user == null) {
      return Optional.empty();
    }
    while (true) {
      long asOf = appliedIndex;
      int[] found = timelines.of(user, asOf, maxId, sinceId, limit);
      if (!deletedSince(asOf)) {
        return Optional.of(read(found));
      }
      Thread.yield();
    }
  }

  /**
   * The newest posts of those whom a user follows, each made after the follow, newest first; empty
   * when there is no such user. Parameters as {@link #posts}.
   */
  public Optional<Timeline> timeline(String name, long maxId, long sinceId, int limit) {
    User user = users.find(name);
    if (user == null) {
      return Optional.empty();
    }
    while (true) {
      Following following = user.following;
      long asOf = Math.max(appliedIndex, following.changedAt());
      if (following != user.following) {
        continue;
      }
      int[] found = timelines.newest(following, asOf, maxId, sinceId, limit);
      if (!deletedSince(asOf)) {
        return Optional.of(new Timeline(read(found), asOf));
      }
      Thread.yield();
    }
  }

  /**
   * The posts of those whom a user follows that were applied after a cursor (and after the follow),
   * in the order of application; empty when there is no such user. Whatever the cursor's age.
   *
   * @param cursor index of a change; one that is not applied yet stays as it is
   * @param limit at most so many posts, 1 or more
   * @return the posts and the cursor to go on from
   */
  public Optional<Timeline> streamSince(String name, long cursor, int limit) {
    User user = users.find(name);
    if (user == null) {
      return Optional.empty();
    }
    while (true) {
      Following following = user.following;
      long asOf = Math.max(appliedIndex, following.changedAt());
      if (following != user.following) {
        continue;
      }
      if (cursor >= asOf) {
        return Optional.of(new Timeline(List.of(), cursor));
      }
      int[] found = timelines.after(following, asOf, cursor, limit);
      if (!deletedSince(asOf)) {
        long reached = found.length == limit ? posts.index(found[limit - 1]) : asOf;
        return Optional.of(new Timeline(read(found), reached));
      }
      Thread.yield();
    }
  }

  /** Index of the change that made a post that {@link #streamSince} returned, by its id. */
  public OptionalLong indexOf(long id) {
    int post = posts.find(id);
    return post < 0 ? OptionalLong.empty() : OptionalLong.of(posts.index(post));
  }

  /**
   * Wakes a live stream each time one whom the user follows has posted, after the post can be read.
   *
   * @param wake called by the applying thread: it must neither block nor throw
   * @return end it with {@link Watch#close}; empty when there is no such user
   */
  public Optional<Watch> watch(String name, Runnable wake) {
    User user = users.find(name);
    if (user == null) {
      return Optional.empty();
    }
    synchronized (watched) {
      Runnable[] more = java.util.Arrays.copyOf(user.watchers, user.watchers.length + 1);
      more[more.length - 1] = wake;
      user.watchers = more;
      watched.add(user);
    }
    return Optional.of(() -> unwatch(user, wake));
  }

  /**
   * Visits the place of every post, deleted ones included, author by author, until the visitor says
   * false. Any thread.
   *
   * @param upTo posts of later entries are left out
   */
  public void records(long upTo, RecordVisitor visitor) {
    for (int i = 0; i < users.count(); i++) {
      User user = users.get(i);
      int count = user.postCount();
      int[] numbers = user.posts();
      for (int k = 0; k < count && posts.index(numbers[k]) <= upTo; k++) {
        if (!visitor.visit(place(numbers[k]))) {
          return;
        }
      }
    }
  }

  /** Is shown where records stand. */
  @FunctionalInterface
  public interface RecordVisitor {

    /** Returns whether to go on. */
    boolean visit(PostPlace place);
  }

  /**
   * Posts and where they end.
   *
   * @param posts in the order asked for
   * @param cursor everything up to this change was looked at
   */
  public record Timeline(List<Post> posts, long cursor) {}

  /** A live stream that is woken. */
  @FunctionalInterface
  public interface Watch extends AutoCloseable {
    @Override
    void close();
  }

  /** After everything else was read. */
  private boolean deletedSince(long asOf) {
    VarHandle.acquireFence();
    return lastDeletion > asOf;
  }

  private void unwatch(User user, Runnable wake) {
    synchronized (watched) {
      List<Runnable> fewer = new ArrayList<>(List.of(user.watchers));
      fewer.remove(wake);
      user.watchers = fewer.toArray(Runnable[]::new);
      if (fewer.isEmpty()) {
        watched.remove(user);
      }
    }
  }

  private void wake(User author) {
    if (watched.isEmpty()) {
      return;
    }
    int[] followers = author.followers;
    if (followers.length <= watched.size()) {
      for (int follower : followers) {
        for (Runnable wake : users.get(follower).watchers) {
          wake.run();
        }
      }
    } else {
      for (User user : watched) {
        if (users.search(user.following.authors(), author.lower) >= 0) {
          for (Runnable wake : user.watchers) {
            wake.run();
          }
        }
      }
    }
  }

  private Answer perform(Entry entry, Request request, List<Effect> effects, User[] author) {
    if (request.getBodyCase() == Request.BodyCase.EXPIRE_ANSWERS) {
      return expireAnswers(entry, request, effects);
    }
    if (request.getBodyCase() == Request.BodyCase.LOGIN) {
      return login(entry, request.getUser(), effects);
    }
    User user = users.find(request.getUser());
    if (user == null) {
      return Refusal.of(
          Reason.USER_UNKNOWN,
          "%s is not a user; log in first".formatted(Refusal.shown(request.getUser())));
    }
    return switch (request.getBodyCase()) {
      case FOLLOW -> follow(entry, user, request.getFollow().getName(), effects);
      case UNFOLLOW -> unfollow(entry, user, request.getUnfollow().getName(), effects);
      case POST -> {
        Answer answer = post(entry, user, request.getPost().getTextBytes(), effects);
        author[0] = answer.getReason().isEmpty() ? user : null;
        yield answer;
      }
      case DELETE -> delete(entry, user, request.getDelete().getId(), effects);
      case RECEIVED, OWN_SLOTS ->
          throw new UnappliableException("entry %s needs a newer version".formatted(entry));
      case LOGIN, EXPIRE_ANSWERS, BODY_NOT_SET -> throw new IllegalStateException();
    };
  }

  private Answer expireAnswers(Entry entry, Request request, List<Effect> effects) {
    if (!entry.requestId().isNone()) {
      return Refusal.of(
          Reason.INVALID_REQUEST, "only the system itself lets answers expire; nothing was done");
    }
    // A time that has not come would shut out clients that are yet to be made.
    long before = Math.min(request.getExpireAnswers().getBeforeMillis(), entry.timeMillis());
    answers.raiseHorizon(before, effects);
    return Answer.getDefaultInstance();
  }

  private Answer login(Entry entry, String name, List<Effect> effects) {
    User user = users.find(name);
    boolean created = user == null;
    if (created) {
      if (!Names.valid(name)) {
        return Refusal.of(
            Reason.INVALID_NAME,
            "%s is no name of a user: 1 to 30 of A-Z, a-z, 0-9 and _"
                .formatted(Refusal.shown(name)));
      }
      user = users.add(name, entry.index());
      checksum += Rows.user(user);
      effects.add(new Effect.UserAdded(user.number, user.name, user.index));
    }
    return Answer.newBuilder().setCreated(created).setUser(user.name).build();
  }

  private Answer follow(Entry entry, User user, String name, List<Effect> effects) {
    User author = users.find(name);
    if (author == null) {
      return Refusal.of(
          Reason.USER_UNKNOWN,
          "%s is not a user; nothing was followed".formatted(Refusal.shown(name)));
    }
    if (author == user) {
      return Refusal.of(Reason.ALREADY_FOLLOWING, "nobody follows oneself; nothing was followed");
    }
    Following before = user.following;
    int at = users.search(before.authors(), author.lower);
    if (at >= 0) {
      return Refusal.of(
          Reason.ALREADY_FOLLOWING, "%s follows %s already".formatted(user.name, author.name));
    }
    user.following = before.with(-at - 1, author.number, entry.index());
    int[] followers = author.followers;
    author.followers =
        Sorted.with(followers, -users.search(followers, user.lower) - 1, user.number);
    checksum += Rows.follow(user.number, author.number, entry.index());
    effects.add(new Effect.FollowAdded(user.number, author.number, entry.index()));
    return Answer.getDefaultInstance();
  }

  private Answer unfollow(Entry entry, User user, String name, List<Effect> effects) {
    User author = users.find(name);
    if (author == null) {
      return Refusal.of(
          Reason.USER_UNKNOWN,
          "%s is not a user; nothing was unfollowed".formatted(Refusal.shown(name)));
    }
    if (author == user) {
      return Refusal.of(Reason.SELF, "nobody unfollows oneself; nothing was unfollowed");
    }
    Following before = user.following;
    int at = users.search(before.authors(), author.lower);
    if (at < 0) {
      return Refusal.of(
          Reason.NOT_FOLLOWING, "%s does not follow %s".formatted(user.name, author.name));
    }
    checksum -= Rows.follow(user.number, author.number, before.since()[at]);
    user.following = before.without(at, entry.index());
    int[] followers = author.followers;
    author.followers = Sorted.without(followers, users.search(followers, user.lower));
    effects.add(new Effect.FollowRemoved(user.number, author.number));
    return Answer.getDefaultInstance();
  }

  private Answer post(Entry entry, User user, ByteString words, List<Effect> effects) {
    if (words.isEmpty() || words.size() > MAX_TEXT) {
      return Refusal.of(
          Reason.INVALID_TEXT,
          "a post is 1 to %d bytes of UTF-8, not %d; nothing was posted"
              .formatted(MAX_TEXT, words.size()));
    }
    if (posts.size() > 0 && entry.id() <= posts.id(posts.size() - 1)) {
      throw new UnappliableException(
          "entry %s has id %d, which is not above the last post's".formatted(entry, entry.id()));
    }
    byte[] text = words.toByteArray();
    byte[] record = PostRecord.post(entry.timeMillis(), entry.id(), user.name, text);
    PostPlace place =
        new PostPlace(
            user.lower,
            entry.id(),
            entry.index(),
            user.fileLength,
            record.length,
            PostRecord.crc(record));
    posts.keep(entry.timeMillis(), text);
    int number =
        posts.add(
            place.id(), place.index(), user.number, place.offset(), place.length(), place.crc());
    user.addPost(number);
    user.fileLength += record.length;
    checksum += Rows.post(posts, number);
    effects.add(new Effect.PostAdded(number, user.number, place, record));
    return Answer.newBuilder().setPostId(entry.id()).setTimeMillis(entry.timeMillis()).build();
  }

  private Answer delete(Entry entry, User user, long id, List<Effect> effects) {
    int number = posts.find(id);
    if (number < 0 || posts.deleted(number)) {
      return Refusal.of(
          Reason.POST_UNKNOWN,
          "there is no post %s; nothing was deleted".formatted(Long.toUnsignedString(id)));
    }
    if (posts.author(number) != user.number) {
      return Refusal.of(
          Reason.NOT_AUTHOR,
          "post %d is %s's; nothing was deleted"
              .formatted(id, users.get(posts.author(number)).name));
    }
    byte[] record = PostRecord.deletion(id);
    // Told before it can be seen: see the class comment.
    lastDeletion = entry.index();
    VarHandle.releaseFence();
    posts.delete(number);
    long offset = user.fileLength;
    user.fileLength += record.length;
    checksum += Rows.deletion(id, entry.index(), offset);
    effects.add(new Effect.PostDeleted(number, entry.index(), user.lower, offset, record));
    return Answer.getDefaultInstance();
  }

  private List<Post> read(int[] numbers) {
    List<Post> read = new ArrayList<>(numbers.length);
    for (int number : numbers) {
      read.add(read(number));
    }
    return read;
  }

  private Post read(int number) {
    User author = users.get(posts.author(number));
    Post.Builder post = Post.newBuilder().setId(posts.id(number)).setAuthor(author.name);
    PostTable.Cached cached = posts.cached(number);
    if (cached != null) {
      return post.setTimeMillis(cached.timeMillis())
          .setTextBytes(
              ByteString.copyFrom(cached.data(), cached.from(), cached.to() - cached.from()))
          .build();
    }
    PostRecord.Content content = read.get(number);
    if (content == null) {
      content = PostRecord.parse(source.read(place(number)));
      read.put(number, content);
    }
    return post.setTimeMillis(content.timeMillis()).setTextBytes(content.text()).build();
  }

  private PostPlace place(int number) {
    return new PostPlace(
        users.get(posts.author(number)).lower,
        posts.id(number),
        posts.index(number),
        posts.offset(number),
        posts.length(number),
        posts.crc(number));
  }
}
