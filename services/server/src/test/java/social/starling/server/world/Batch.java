package social.starling.server.world;

import java.util.ArrayList;
import java.util.List;
import social.starling.proto.journal.v1.Received;
import social.starling.proto.journal.v1.Request;
import social.starling.proto.sync.v1.Item;
import social.starling.server.state.Outgoing;
import social.starling.server.state.Position;

/**
 * A {@code starling.sync.v1.Batch}.
 *
 * @param upTo where it ends; null when it says "seen" only
 * @param seen up to where nothing else was for the receiver
 */
record Batch(Position after, Position upTo, List<Item> items, long seen) {

  /** Cuts what was read into batches that chain; the last one ends where the reading did. */
  static List<Batch> cut(Position after, Outgoing read, int most) {
    List<Batch> batches = new ArrayList<>();
    List<Item> items = new ArrayList<>();
    Position begin = after;
    int left = read.steps().size();
    for (Outgoing.Step step : read.steps()) {
      items.add(step.item());
      left--;
      if (left == 0 || step.item().hasPost() || items.size() == most) {
        Position end = left == 0 ? read.reached() : step.upTo();
        batches.add(new Batch(begin, end, List.copyOf(items), left == 0 ? end.index() : 0));
        begin = end;
        items.clear();
      }
    }
    return batches;
  }

  static Batch seen(Position after, long seen) {
    return new Batch(after, null, List.of(), seen);
  }

  /** As the receiver's journal has it. */
  byte[] request(int sender) {
    return Request.newBuilder()
        .setReceived(
            Received.newBuilder()
                .setCluster(sender)
                .setAfter(after.message())
                .setUpTo(upTo.message())
                .addAllItems(items))
        .build()
        .toByteArray();
  }
}
