package social.starling.server.state;

/**
 * A place in the journal of another cluster, the sender: see {@code starling.sync.v1.Position}.
 *
 * @param index everything up to this entry is done
 * @param within of entry {@code index + 1}, the posts that it brings back are done up to the one
 *     that was made by this entry; 0 for none
 */
public record Position(long index, long within) implements Comparable<Position> {

  /** Before everything. */
  public static final Position ZERO = new Position(0, 0);

  /** As a message says it. */
  public static Position of(social.starling.proto.sync.v1.Position position) {
    return new Position(position.getIndex(), position.getWithin());
  }

  /** As a message. */
  public social.starling.proto.sync.v1.Position message() {
    return social.starling.proto.sync.v1.Position.newBuilder()
        .setIndex(index)
        .setWithin(within)
        .build();
  }

  @Override
  public int compareTo(Position other) {
    int order = Long.compare(index, other.index);
    return order != 0 ? order : Long.compare(within, other.within);
  }

  @Override
  public String toString() {
    return within == 0 ? Long.toString(index) : index + "+" + within;
  }
}
