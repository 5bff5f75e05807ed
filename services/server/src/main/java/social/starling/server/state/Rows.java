package social.starling.server.state;

/** Hashes of the rows of tables, for the checksum of the whole state. */
final class Rows {

  private Rows() {}

  static long user(User user) {
    long hash = Hash.add(1, user.number);
    hash = Hash.add(Hash.add(hash, user.name.hashCode()), user.home);
    return Hash.add(hash, user.index);
  }

  static long follow(int follower, int author, long since, long position) {
    return Hash.add(Hash.add(Hash.add(Hash.add(2, follower), author), since), position);
  }

  static long post(PostTable posts, int post) {
    long hash = Hash.add(3, posts.id(post));
    hash = Hash.add(hash, posts.index(post));
    hash = Hash.add(hash, posts.author(post));
    hash = Hash.add(hash, posts.offset(post));
    return Hash.add(hash, (long) posts.length(post) << 32 | posts.crc(post) & 0xffffffffL);
  }

  static long deletion(long id, long index, long offset) {
    return Hash.add(Hash.add(Hash.add(4, id), index), offset);
  }

  static long unfollow(int follower, int author, long index) {
    return Hash.add(Hash.add(Hash.add(5, follower), author), index);
  }

  static long want(int author, Want want) {
    long hash = Hash.add(Hash.add(6, author), want.cluster());
    return Hash.add(Hash.add(hash, want.since()), want.position());
  }

  /** 0 where nothing was received yet: there is no row. */
  static long cursor(int cluster, Position cursor) {
    return cursor.equals(Position.ZERO)
        ? 0
        : Hash.add(Hash.add(Hash.add(7, cluster), cursor.index()), cursor.within());
  }

  static long slots(long version, byte[] bits) {
    return Hash.add(Hash.add(8, version), bits);
  }
}
