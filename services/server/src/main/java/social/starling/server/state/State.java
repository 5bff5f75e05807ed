package social.starling.server.state;

import com.google.protobuf.ByteString;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import social.starling.proto.journal.v1.Answer;
import social.starling.proto.journal.v1.Received;
import social.starling.proto.journal.v1.Request;
import social.starling.proto.sns.v1.Post;
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

  /** To look at the posts of so many authors takes a while. */
  private static final int MANY = 1_000;

  /** The home of those who live in this cluster; those of others are never negative. */
  public static final int LOCAL = -1;

  /** Items that a batch of another cluster may hold. */
  public static final int MAX_BATCH_ITEMS = BatchRules.MAX_ITEMS;

  /** Bytes that a batch should hold at most, and that {@link #outgoing} gives about at most. */
  public static final int MAX_BATCH_BYTES = BatchRules.MAX_BYTES;

  private final Contents contents;
  private final Users users;
  private final PostTable posts;
  private final Answers answers;
  private final Applier applier;
  private final Timelines timelines;
  private final RecordSource source;
  private final TextCache read = new TextCache();
  private final Watchers watchers;

  private volatile long appliedIndex;
  private volatile long writtenIndex;

  State(Contents contents, RecordSource source, long appliedIndex, long checksum) {
    this.contents = contents;
    this.users = contents.users();
    this.posts = contents.posts();
    this.answers = contents.answers();
    this.watchers = new Watchers(users);
    this.applier = new Applier(contents, watchers, checksum);
    this.source = source;
    this.timelines = new Timelines(users, posts);
    this.appliedIndex = appliedIndex;
    this.writtenIndex = appliedIndex;
  }

  /**
   * Applies the next committed entry. Applying thread only.
   *
   * <p>A {@code Received} entry that does not begin at the {@linkplain #cursor cursor} has no
   * effect and is answered NOT_READY; one that is not what a batch must be ({@link #defect}) has
   * none and is answered INVALID_REQUEST. An {@code OwnSlots} entry whose version is not above
   * {@link #slotsVersion} has no effect; its answer tells the slots all the same. Refusals with
   * WRONG_CLUSTER or WAITING_FOR_CLUSTERS are not recorded: a retry is looked at again.
   *
   * @throws UnappliableException this version cannot apply it: stop
   * @throws IllegalArgumentException it is not the next entry
   */
  public Applied apply(Entry entry) {
    return apply(entry, Requests.parse(entry));
  }

  /**
   * As above, for one who knows what the entry's bytes say.
   *
   * @param request what they say, and nothing else
   */
  public Applied apply(Entry entry, Request request) {
    if (entry.index() != appliedIndex + 1) {
      throw new IllegalArgumentException(
          "entry %s cannot be applied after %d".formatted(entry, appliedIndex));
    }
    List<Effect> effects = new ArrayList<>(3);
    Optional<Answer> early =
        answers.lookup(entry.requestId(), request).or(() -> answers.refuse(entry));
    Answer answer = early.isPresent() ? early.get() : perform(entry, request, effects);
    appliedIndex = entry.index();
    if (early.isEmpty() && applier.posted() != null) {
      watchers.wake(applier.posted());
      posts.evict(writtenIndex);
    }
    return new Applied(answer, new Change(entry.index(), effects, totals()));
  }

  private Answer perform(Entry entry, Request request, List<Effect> effects) {
    Answer answer = applier.apply(entry, request, effects);
    if (!Refusal.passing(answer)) {
      answers.record(entry, request, answer, effects);
    }
    return answer;
  }

  /** Everything up to this entry is in here. */
  public long appliedIndex() {
    return appliedIndex;
  }

  /** Numbers over the whole state. Applying thread only. */
  public Change.Totals totals() {
    return new Change.Totals(applier.checksum() + answers.checksum(), answers.horizon());
  }

  /** The volume holds the effects of entries up to here: their texts may be read from there. */
  public void written(long index) {
    writtenIndex = index;
  }

  /**
   * Whether a write need not be journaled, before it is: the recorded answer of a repeat, or a
   * refusal (INVALID_REQUEST, SEQUENCE_REUSED, SESSION_EXPIRED). Empty: go on.
   *
   * @param request the request that would be journaled
   */
  public Optional<Answer> lookup(RequestId id, Request request) {
    return answers.lookup(id, request);
  }

  /** Number of users of all clusters. */
  public int userCount() {
    return users.count();
  }

  /** Number of users who live in this cluster. */
  public int localUserCount() {
    return contents.own().users.size();
  }

  /**
   * Where a user lives: {@link #LOCAL}, or the number of another cluster; empty when there is no
   * such user.
   */
  public OptionalInt home(String name) {
    User user = users.find(name);
    return user == null ? OptionalInt.empty() : OptionalInt.of(user.home);
  }

  /** Version of the slot table that this cluster took over last; 0 before the first. */
  public long slotsVersion() {
    return contents.slots().version();
  }

  /** A copy of the slots in which this cluster takes new names. */
  public BitSet slots() {
    return contents.slots().copy();
  }

  /** Whether this cluster takes new names in a slot, 0 to 1,023. */
  public boolean ownsSlot(int slot) {
    return contents.slots().owns(slot);
  }

  /** A copy of the slots in which users of this cluster live. */
  public BitSet usedSlots() {
    return contents.slots().used();
  }

  /** How many users of this cluster live in each slot; a copy. */
  public int[] usersPerSlot() {
    return contents.slots().usersPerSlot();
  }

  /** Up to where this cluster has what it needs of another one. */
  public Position cursor(int cluster) {
    Peer peer = contents.peers().find(cluster);
    return peer == null ? Position.ZERO : peer.cursor;
  }

  /**
   * What another cluster needs after a position, in the order of the journal. Bounded work; call
   * again from {@link Outgoing#reached} while there is {@linkplain Outgoing#more more}. A position
   * beyond the applied index gives nothing, and stays as it is.
   *
   * @param maxItems at most so many items, 1 or more
   * @throws DamagedException a post that the peer needs cannot be read
   */
  public Outgoing outgoing(int cluster, Position after, int maxItems) {
    return new OutgoingReader(contents, this::read, cluster, after, appliedIndex, maxItems).read();
  }

  /**
   * Why a batch of another cluster would be refused whatever the state, or empty. Ask before it is
   * journaled: an entry with an item of a kind that only newer versions know {@linkplain
   * UnappliableException stops} the member that applies it.
   */
  public static Optional<String> defect(Received received) {
    return BatchRules.defect(received);
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
    Found found = newest(user, maxId, sinceId, limit);
    return Optional.of(new Timeline(read(found.numbers()), found.asOf()));
  }

  /**
   * As {@link #timeline} without an upper bound, but never blocks, and takes some µs. Empty also
   * when a text would have to be read, or when the user follows more than {@value #MANY}.
   */
  public Optional<Timeline> newestInMemory(String name, long sinceId, int limit) {
    User user = users.find(name);
    if (user == null || user.following.size() > MANY) {
      return Optional.empty();
    }
    Found found = newest(user, 0, sinceId, limit);
    List<Post> read = new ArrayList<>(found.numbers().length);
    for (int number : found.numbers()) {
      Post post = inMemory(number);
      if (post == null) {
        return Optional.empty();
      }
      read.add(post);
    }
    return Optional.of(new Timeline(read, found.asOf()));
  }

  private Found newest(User user, long maxId, long sinceId, int limit) {
    return undisturbed(
        user, (following, asOf) -> timelines.newest(following, asOf, maxId, sinceId, limit));
  }

  /**
   * The posts of those whom a user follows that were applied after a cursor (and after the follow),
   * in the order of application; empty when there is no such user. Whatever the cursor's age.
   *
   * @param cursor index of a change; one that is not applied yet stays as it is
   * @param limit at most so many posts, 1 or more
   * @return the posts and the cursor to go on from
   */
  public Optional<Stream> streamSince(String name, long cursor, int limit) {
    User user = users.find(name);
    if (user == null) {
      return Optional.empty();
    }
    Found found =
        undisturbed(
            user,
            (following, asOf) ->
                cursor < asOf ? timelines.after(following, asOf, cursor, limit) : new int[0]);
    int[] numbers = found.numbers();
    long reached =
        numbers.length == limit ? posts.index(numbers[limit - 1]) : Math.max(cursor, found.asOf());
    return Optional.of(new Stream(readWithIndexes(numbers), reached));
  }

  /** Numbers of posts, as they were after a change. */
  private record Found(int[] numbers, long asOf) {}

  @FunctionalInterface
  private interface Search {
    int[] find(Following following, long asOf);
  }

  /** Searches again when what the user follows changes, or a post is deleted, meanwhile. */
  private Found undisturbed(User user, Search search) {
    while (true) {
      Following following = user.following;
      long asOf = Math.max(appliedIndex, following.changedAt());
      if (following != user.following) {
        continue;
      }
      int[] numbers = search.find(following, asOf);
      if (!deletedSince(asOf)) {
        return new Found(numbers, asOf);
      }
      Thread.yield();
    }
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
    watchers.begin(user, wake);
    return Optional.of(() -> watchers.end(user, wake));
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

  /**
   * Posts of a stream and where they end.
   *
   * @param posts in the order of application
   * @param cursor everything up to this change was looked at
   */
  public record Stream(List<Streamed> posts, long cursor) {}

  /**
   * A post of a stream.
   *
   * @param index of the change that brought it here: the cursor of one who has it
   */
  public record Streamed(Post post, long index) {}

  /** A live stream that is woken. */
  @FunctionalInterface
  public interface Watch extends AutoCloseable {
    @Override
    void close();
  }

  /** After everything else was read. */
  private boolean deletedSince(long asOf) {
    VarHandle.acquireFence();
    return posts.lastDeletion() > asOf;
  }

  private List<Streamed> readWithIndexes(int[] numbers) {
    List<Streamed> read = new ArrayList<>(numbers.length);
    for (int number : numbers) {
      read.add(new Streamed(read(number), posts.index(number)));
    }
    return read;
  }

  private List<Post> read(int[] numbers) {
    List<Post> read = new ArrayList<>(numbers.length);
    for (int number : numbers) {
      read.add(read(number));
    }
    return read;
  }

  private Post read(int number) {
    Post kept = inMemory(number);
    if (kept != null) {
      return kept;
    }
    PostRecord.Content content = PostRecord.parse(source.read(place(number)));
    read.put(number, content);
    return post(number, content.timeMillis(), content.text());
  }

  /** Null when its text would have to be read. */
  private Post inMemory(int number) {
    PostTable.Cached cached = posts.cached(number);
    if (cached != null) {
      int length = cached.to() - cached.from();
      return post(
          number, cached.timeMillis(), ByteString.copyFrom(cached.data(), cached.from(), length));
    }
    PostRecord.Content content = read.get(number);
    return content == null ? null : post(number, content.timeMillis(), content.text());
  }

  private Post post(int number, long timeMillis, ByteString text) {
    return Post.newBuilder()
        .setId(posts.id(number))
        .setAuthor(users.get(posts.author(number)).name)
        .setTimeMillis(timeMillis)
        .setTextBytes(text)
        .build();
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
