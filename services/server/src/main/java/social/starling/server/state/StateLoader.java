package social.starling.server.state;

/**
 * Builds a state from what a volume holds. One thread; the rows come in the order of the methods.
 */
public final class StateLoader {

  private final Users users = new Users();
  private final PostTable posts;
  private final Answers answers = new Answers();
  private final RecordSource source;
  private final Follows follows = new Follows();
  private long checksum;

  /**
   * @param source reads what is not in memory
   * @param cacheBytes bytes of texts to keep in memory
   */
  public StateLoader(RecordSource source, long cacheBytes) {
    this.source = source;
    this.posts = new PostTable(cacheBytes);
  }

  /** A state in which nothing has happened. */
  public static State empty(RecordSource source) {
    return new StateLoader(source, State.DEFAULT_CACHE_BYTES).finish(0, 0);
  }

  /** Users, in the order of their numbers: 0, 1, 2, … */
  public void user(int number, String name, long index) {
    if (number != users.count() || !Names.valid(name) || users.find(name) != null) {
      throw new IllegalArgumentException("user %d, %s".formatted(number, name));
    }
    checksum += Rows.user(users.add(name, index));
  }

  /** Follows, in any order. */
  public void follow(int follower, int author, long since) {
    if (!known(follower) || !known(author)) {
      throw new IllegalArgumentException("follow of %d by %d".formatted(author, follower));
    }
    follows.add(follower, author, since);
    checksum += Rows.follow(follower, author, since);
  }

  /** Posts, in the order of their numbers: 0, 1, 2, … */
  public void post(int number, int user, long id, long index, long offset, int length, int crc) {
    boolean ascending = number == 0 || number > 0 && id > posts.id(number - 1);
    if (number != posts.size() || !known(user) || !ascending || offset < 0 || length < 1) {
      throw new IllegalArgumentException("post %d, id %d, user %d".formatted(number, id, user));
    }
    User author = users.get(user);
    author.addPost(posts.add(id, index, user, offset, length, crc));
    author.fileLength = Math.max(author.fileLength, offset + length);
    checksum += Rows.post(posts, number);
  }

  /** A deletion of a post that was given. */
  public void deletion(int number, long index, long offset) {
    long id = posts.id(number);
    User author = users.get(posts.author(number));
    posts.delete(number);
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
    follows.finish(users);
    answers.loadHorizon(horizon);
    return new State(users, posts, answers, source, appliedIndex, checksum);
  }

  private boolean known(int user) {
    return user >= 0 && user < users.count();
  }
}
