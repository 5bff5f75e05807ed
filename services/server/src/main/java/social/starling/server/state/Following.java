package social.starling.server.state;

/**
 * Whom a user follows, by name. Immutable.
 *
 * @param authors numbers of the users
 * @param since index of the entry of each follow
 * @param positions of each follow of a user of another cluster, up to where that cluster's journal
 *     was here; empty when all are 0
 * @param changedAt index of the entry that made this
 */
record Following(int[] authors, long[] since, long[] positions, long changedAt) {

  static final Following NOBODY = new Following(new int[0], new long[0], new long[0], 0);

  private static final long[] ZEROS = {};

  int size() {
    return authors.length;
  }

  long position(int at) {
    return positions.length == 0 ? 0 : positions[at];
  }

  Following with(int at, int author, long index, long position) {
    long[] others = positions.length == 0 && position != 0 ? new long[size()] : positions;
    return new Following(
        Sorted.with(authors, at, author),
        Sorted.with(since, at, index),
        others.length == 0 && position == 0 ? ZEROS : Sorted.with(others, at, position),
        index);
  }

  Following without(int at, long index) {
    return new Following(
        Sorted.without(authors, at),
        Sorted.without(since, at),
        positions.length == 0 ? ZEROS : Sorted.without(positions, at),
        index);
  }
}
