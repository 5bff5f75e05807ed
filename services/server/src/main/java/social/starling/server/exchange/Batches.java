package social.starling.server.exchange;

import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import java.util.ArrayList;
import java.util.List;
import social.starling.common.Errors;
import social.starling.proto.journal.v1.Received;
import social.starling.proto.sns.v1.Reason;
import social.starling.proto.sync.v1.Batch;
import social.starling.proto.sync.v1.Item;
import social.starling.replication.Ids;
import social.starling.server.state.Outgoing;
import social.starling.server.state.Position;
import social.starling.server.state.State;

/** How batches are cut, and what one must look like to be journaled. */
final class Batches {

  /** What a batch takes beside its items. */
  private static final int FRAME_BYTES = 128;

  private Batches() {}

  /**
   * Cuts what was read into batches that chain. At most one item of each is a post, its last.
   *
   * @param after where the first begins
   * @param read what is there; the last batch ends where the reading did
   */
  static List<Batch> cut(Position after, Outgoing read) {
    List<Batch> batches = new ArrayList<>();
    List<Item> items = new ArrayList<>();
    Position begin = after;
    Position end = after;
    int bytes = FRAME_BYTES;
    for (Outgoing.Step step : read.steps()) {
      int size = weight(step.item());
      if (!items.isEmpty()
          && (items.size() == State.MAX_BATCH_ITEMS || bytes + size > State.MAX_BATCH_BYTES)) {
        batches.add(batch(begin, end, items).build());
        begin = end;
        items.clear();
        bytes = FRAME_BYTES;
      }
      items.add(step.item());
      bytes += size;
      end = step.upTo();
      if (step.item().hasPost()) {
        batches.add(batch(begin, end, items).build());
        begin = end;
        items.clear();
        bytes = FRAME_BYTES;
      }
    }
    if (!items.isEmpty()) {
      batches.add(batch(begin, end, items).build());
    }
    if (!batches.isEmpty()) {
      Batch last = batches.removeLast();
      batches.add(
          last.toBuilder()
              .setUpTo(read.reached().message())
              .setSeen(read.reached().index())
              .build());
    }
    return batches;
  }

  /** A batch of nothing, so that the receiver's cursor follows. */
  static Batch skip(Position after, Position upTo) {
    return batch(after, upTo, List.of()).setSeen(upTo.index()).build();
  }

  /** Says only that there is nothing up to an entry. */
  static Batch seen(Position after, long seen) {
    return Batch.newBuilder().setAfter(after.message()).setSeen(seen).build();
  }

  private static Batch.Builder batch(Position after, Position upTo, List<Item> items) {
    return Batch.newBuilder().setAfter(after.message()).setUpTo(upTo.message()).addAllItems(items);
  }

  private static int weight(Item item) {
    return item.getSerializedSize() + 5; // Its tag and its length.
  }

  /**
   * A position as it came.
   *
   * @throws StatusRuntimeException INVALID_ARGUMENT when it is none
   */
  static Position fromProto(social.starling.proto.sync.v1.Position position) {
    if (position.getIndex() < 0 || position.getWithin() < 0) {
      throw malformed("a position is above 2^63");
    }
    return Position.of(position);
  }

  /** Whether a number can be a cluster's. */
  static boolean isCluster(int number) {
    return number >= 0 && number < Ids.MAX_CLUSTERS;
  }

  /**
   * The journal's request for a batch. All of it is checked, for what is journaled is there for
   * ever.
   *
   * @param peer number of the cluster that it is from
   * @throws StatusRuntimeException INVALID_ARGUMENT with a sentence
   */
  static Received received(Batch batch, int peer) {
    checkBeginning(batch);
    if (batch.getSerializedSize() > State.MAX_BATCH_BYTES) {
      throw malformed(
          "it has %,d bytes; %,d can be"
              .formatted(batch.getSerializedSize(), State.MAX_BATCH_BYTES));
    }
    Received received =
        Received.newBuilder()
            .setCluster(peer)
            .setAfter(batch.getAfter())
            .setUpTo(batch.getUpTo())
            .addAllItems(batch.getItemsList())
            .build();
    State.defect(received)
        .ifPresent(defect -> {
          throw malformed(defect);
        });
    for (Item item : received.getItemsList()) {
      if (item.hasPost()) {
        checkMaker(item.getPost().getId(), peer);
      } else if (item.hasDeletion()) {
        checkMaker(item.getDeletion().getId(), peer);
      }
    }
    return received;
  }

  private static void checkMaker(long id, int peer) {
    if (Ids.cluster(id) != peer) {
      throw malformed(
          "post %s is of cluster %d, not %d"
              .formatted(Long.toUnsignedString(id), Ids.cluster(id), peer));
    }
  }

  /**
   * Checks one that says "seen" only.
   *
   * @throws StatusRuntimeException INVALID_ARGUMENT with a sentence
   */
  static void checkSeen(Batch batch) {
    checkBeginning(batch);
    if (batch.getItemsCount() > 0) {
      throw malformed("it has items and does not say where it ends");
    }
  }

  private static void checkBeginning(Batch batch) {
    if (!batch.hasAfter()) {
      throw malformed("it does not say where it begins");
    }
    if (batch.getSeen() < 0) {
      throw malformed("seen is above 2^63");
    }
    fromProto(batch.getAfter());
  }

  private static StatusRuntimeException malformed(String why) {
    return Errors.of(Code.INVALID_ARGUMENT, Reason.INVALID_REQUEST, "the batch is refused: " + why);
  }
}
