package social.starling.server.state;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import social.starling.common.Slots;
import social.starling.replication.Ids;

/**
 * Builds a state from what a volume holds. One thread; the rows come in the order of the methods.
 */
public final class StateLoader {

  private final Users users = new Users();
  private final PostTable posts;
  private final Answers answers = new Answers();
  private final RecordSource source;
  private final Follows follows = new Follows(users);
  private final Peers peers = new Peers();
  private final OwnedSlots slots = new OwnedSlots();
  private final OwnHistory own;

  /** Follows of authors of other clusters, and what is left of those that were undone. */
  private final List<Row> crossing = new ArrayList<>();

  /** (author, cluster). */
  private final List<Row> wants = new ArrayList<>();

  private long checksum;

  /**
   * @param source reads what is not in memory
   * @param cacheBytes bytes of texts to keep in memory
   */
  public StateLoader(RecordSource source, long cacheBytes) {
    this.source = source;
    this.posts = new PostTable(cacheBytes);
    this.own = new OwnHistory(posts);
  }

  /** A state in which nothing has happened. */
  public static State empty(RecordSource source) {
    return new StateLoader(source, State.DEFAULT_CACHE_BYTES).finish(0, 0);
  }

  /** Users, in the order of their numbers: 0, 1, 2, … */
  public void user(int number, String name, int home, long index) {
    boolean cluster = home >= State.LOCAL && home < Ids.MAX_CLUSTERS;
    if (!cluster || number != users.count() || !Names.valid(name) || users.find(name) != null) {
      throw new IllegalArgumentException("user %d, %s".formatted(number, name));
    }
    User user = users.add(name, home, index);
    checksum += Rows.user(user);
    if (user.local()) {
      own.users.add(number);
      slots.registered(Slots.of(name));
    }
  }

  /** What other clusters want, or wanted, in any order. */
  public void want(int author, int cluster, long since, long position) {
    boolean any = cluster >= 0 && cluster < Ids.MAX_CLUSTERS && since >= 0 && position >= 0;
    if (!any || !known(author) || !users.get(author).local()) {
      throw new IllegalArgumentException("want of %d by cluster %d".formatted(author, cluster));
    }
    Want want = new Want(cluster, 0, since, position);
    User wanted = users.get(author);
    wanted.wants = Want.with(wanted.wants, want);
    checksum += Rows.want(author, want);
    if (since > 0) {
      wants.add(new Row(since, author, cluster));
    }
  }

  /** Follows, in any order. */
  public void follow(int follower, int author, long since, long position) {
    if (!known(follower) || !known(author)) {
      throw new IllegalArgumentException("follow of %d by %d".formatted(author, follower));
    }
    User from = users.get(follower);
    User to = users.get(author);
    if (from.local() && !to.local()) {
      crossing.add(new Row(since, follower, author));
    } else if (!from.local()) {
      countWant(from, to);
    }
    follows.add(follower, author, since, position);
    checksum += Rows.follow(follower, author, since, position);
  }

  private static void countWant(User follower, User author) {
    Want want = Want.find(author.wants, follower.home);
    if (want == null || want.since() == 0) {
      throw new IllegalArgumentException(
          "follow of %d by %d, whose cluster does not want it"
              .formatted(author.number, follower.number));
    }
    author.wants =
        Want.with(
            author.wants,
            new Want(want.cluster(), want.followers() + 1, want.since(), want.position()));
  }

  /** Undone follows of authors of other clusters, in any order. */
  public void unfollow(int follower, int author, long index) {
    if (!known(follower) || !known(author) || users.get(author).local()) {
      throw new IllegalArgumentException("unfollow of %d by %d".formatted(author, follower));
    }
    Peer peer = peers.get(users.get(author).home);
    peer.unfollows.put(Peer.pair(follower, author), index);
    crossing.add(new Row(index, follower, author));
    checksum += Rows.unfollow(follower, author, index);
  }

  /** Up to where other clusters' changes are here, in any order. */
  public void cursor(int cluster, long index, long within) {
    if (cluster < 0 || cluster >= Ids.MAX_CLUSTERS || index < 0 || within < 0) {
      throw new IllegalArgumentException("cursor of cluster %d".formatted(cluster));
    }
    Position cursor = new Position(index, within);
    peers.get(cluster).cursor = cursor;
    checksum += Rows.cursor(cluster, cursor);
  }

  /**
   * The slots in which names are taken, when there is a row.
   *
   * @param bits bit (slot % 8) of byte (slot / 8)
   */
  public void slots(long version, byte[] bits) {
    slots.load(version, bits);
    checksum += slots.rowHash();
  }

  /** Posts, in the order of their numbers: 0, 1, 2, … */
  public void post(int number, int user, long id, long index, long offset, int length, int crc) {
    boolean next = number == posts.size() && (number == 0 || index > posts.index(number - 1));
    if (!next || !known(user) || offset < 0 || length < 1) {
      throw new IllegalArgumentException("post %d, id %d, user %d".formatted(number, id, user));
    }
    User author = users.get(user);
    if (id <= (author.local() ? own.lastId() : posts.newestId(author))) {
      throw new IllegalArgumentException("post %d, id %d again".formatted(number, id));
    }
    if (author.local()) {
      own.posts.add(number);
    }
    author.addPost(posts.add(id, index, user, offset, length, crc));
    author.fileLength = Math.max(author.fileLength, offset + length);
    checksum += Rows.post(posts, number);
  }

  /** A deletion of a post that was given; in the order of their entries. */
  public void deletion(int number, long index, long offset) {
    long id = posts.id(number);
    User author = users.get(posts.author(number));
    posts.delete(number, index);
    if (author.local()) {
      own.deletions.add(index, number, 0);
    }
    author.fileLength = Math.max(author.fileLength, offset + PostRecord.deletion(id).length);
    checksum += Rows.deletion(id, index, offset);
  }

  /** Clients, in the order of their last entries. */
  public void client(long number, String client, long floor, long lastTime, long lastIndex) {
    if (Answers.born(client) < 0) {
      throw new IllegalArgumentException("client " + client);
    }
    answers.loadClient(number, client, floor, lastTime, lastIndex);
  }

  /** Answers, in any order. */
  public void answer(String client, long sequence, long hash, byte[] answer) {
    answers.loadAnswer(client, sequence, hash, answer);
  }

  /** Visits every author's name (lower-cased) and the length of its file, where there is one. */
  public void files(FileVisitor visitor) {
    for (int i = 0; i < users.count(); i++) {
      User user = users.get(i);
      if (user.fileLength > 0) {
        visitor.visit(user.lower, user.fileLength);
      }
    }
  }

  /** Is told which post files there are. */
  @FunctionalInterface
  public interface FileVisitor {

    /**
     * @param author lower-cased name
     * @param length bytes that the file holds at least
     */
    void visit(String author, long length);
  }

  /**
   * The state, when all rows were given.
   *
   * @param appliedIndex up to which they hold the effects
   * @param horizon as {@link Change.Totals}
   */
  public State finish(long appliedIndex, long horizon) {
    follows.finish();
    answers.loadHorizon(horizon);
    Collections.sort(crossing);
    for (Row row : crossing) {
      peers.get(users.get(row.second).home).follows.add(row.index, row.first, row.second);
    }
    Collections.sort(wants);
    for (Row row : wants) {
      if (Want.find(users.get(row.first).wants, row.second).followers() == 0) {
        throw new IllegalArgumentException(
            "want of %d by cluster %d, where nobody follows".formatted(row.first, row.second));
      }
      peers.get(row.second).wants.add(row.index, row.first, 0);
    }
    Contents contents = new Contents(users, posts, answers, peers, slots, own);
    return new State(contents, source, appliedIndex, checksum);
  }

  /** Of a log that is not kept: an order over other rows. */
  private record Row(long index, int first, int second) implements Comparable<Row> {
    @Override
    public int compareTo(Row other) {
      return Long.compare(index, other.index);
    }
  }

  private boolean known(int user) {
    return user >= 0 && user < users.count();
  }
}
