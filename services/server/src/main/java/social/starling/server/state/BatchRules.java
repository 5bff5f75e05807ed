package social.starling.server.state;

import java.time.Instant;
import java.util.Optional;
import social.starling.proto.journal.v1.Received;
import social.starling.proto.sync.v1.Item;
import social.starling.proto.sync.v1.Post;
import social.starling.replication.Ids;

/** What a batch of another cluster must be before any of it takes effect. */
final class BatchRules {

  static final int MAX_ITEMS = 500;
  static final int MAX_BYTES = 256 << 10;

  /** The last millisecond of the year 9999: post files show times. */
  private static final long MAX_TIME = Instant.parse("9999-12-31T23:59:59.999Z").toEpochMilli();

  private BatchRules() {}

  /** Why it is refused, or empty. Depends on the batch only. */
  static Optional<String> defect(Received received) {
    if (received.getCluster() < 0 || received.getCluster() >= Ids.MAX_CLUSTERS) {
      return Optional.of(
          "no cluster has the number " + Integer.toUnsignedString(received.getCluster()));
    }
    Position after = Position.of(received.getAfter());
    Position upTo = Position.of(received.getUpTo());
    if (after.index() < 0 || after.within() < 0 || upTo.index() < 0 || upTo.within() < 0) {
      return Optional.of("a position is out of range");
    }
    if (upTo.compareTo(after) <= 0) {
      return Optional.of("it ends at %s, not after %s".formatted(upTo, after));
    }
    if (received.getItemsCount() > MAX_ITEMS) {
      return Optional.of("it holds more than %d items".formatted(MAX_ITEMS));
    }
    for (int i = 0; i < received.getItemsCount(); i++) {
      Optional<String> defect =
          defect(received.getItems(i), i == received.getItemsCount() - 1)
              .map(("item " + (i + 1) + ": ")::concat);
      if (defect.isPresent()) {
        return defect;
      }
    }
    return Optional.empty();
  }

  /** Whether it holds something that a newer version may know. */
  static boolean unknown(Received received) {
    return received.getItemsList().stream()
        .anyMatch(item ->
            item.getItemCase() == Item.ItemCase.ITEM_NOT_SET
                && !item.getUnknownFields().asMap().isEmpty());
  }

  private static Optional<String> defect(Item item, boolean last) {
    return switch (item.getItemCase()) {
      case NAME ->
          Names.valid(item.getName().getName())
              ? Optional.empty()
              : Optional.of(Refusal.shown(item.getName().getName()) + " is no name of a user");
      case FOLLOW ->
          item.getFollow().getPosition() >= 0
              ? Optional.empty()
              : Optional.of("a position is out of range");
      case UNFOLLOW, DELETION -> Optional.empty();
      case POST -> last ? defect(item.getPost()) : Optional.of("a post is not the last item");
      case ITEM_NOT_SET -> Optional.of("this version does not know what it is");
    };
  }

  private static Optional<String> defect(Post post) {
    int size = post.getTextBytes().size();
    if (size < 1 || size > State.MAX_TEXT) {
      return Optional.of("a post is 1 to %d bytes, not %d".formatted(State.MAX_TEXT, size));
    }
    if (post.getId() <= 0) {
      return Optional.of("no post has the id " + Long.toUnsignedString(post.getId()));
    }
    return post.getTimeMillis() < 0 || post.getTimeMillis() > MAX_TIME
        ? Optional.of("no post was made at %d ms".formatted(post.getTimeMillis()))
        : Optional.empty();
  }
}
