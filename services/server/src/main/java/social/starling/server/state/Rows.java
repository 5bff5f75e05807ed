package social.starling.server.state;

/** Hashes of the rows of tables, for the checksum of the whole state. */
final class Rows {

  private Rows() {}

  static long user(User user) {
    long hash = Hash.add(1, user.number);
    return Hash.add(Hash.add(hash, user.name.hashCode()), user.index);
  }

  static long follow(int follower, int author, long since) {
    return Hash.add(Hash.add(Hash.add(2, follower), author), since);
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
}
