package social.starling.synchronizer;

import social.starling.proto.sync.v1.Position;

/** The order of positions in a journal. */
final class Positions {

  private Positions() {}

  /** As {@link java.util.Comparator#compare}. */
  static int compare(Position a, Position b) {
    int byIndex = Long.compare(a.getIndex(), b.getIndex());
    return byIndex != 0 ? byIndex : Long.compare(a.getWithin(), b.getWithin());
  }

  /** Indexes are 0 to 2^63 − 1. */
  static boolean valid(Position position) {
    return position.getIndex() >= 0 && position.getWithin() >= 0;
  }

  /** For logs and errors. */
  static String text(Position position) {
    return position.getWithin() == 0
        ? Long.toString(position.getIndex())
        : position.getIndex() + "+" + position.getWithin();
  }
}
