package social.starling.server.state;

/**
 * Whom a user follows, by name. Immutable.
 *
 * @param authors numbers of the users
 * @param since index of the entry of each follow
 * @param changedAt index of the entry that made this
 */
record Following(int[] authors, long[] since, long changedAt) {

  static final Following NOBODY = new Following(new int[0], new long[0], 0);

  int size() {
    return authors.length;
  }

  Following with(int at, int author, long index) {
    return new Following(Sorted.with(authors, at, author), Sorted.with(since, at, index), index);
  }

  Following without(int at, long index) {
    return new Following(Sorted.without(authors, at), Sorted.without(since, at), index);
  }
}
