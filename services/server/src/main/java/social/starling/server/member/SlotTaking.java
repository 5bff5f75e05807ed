package social.starling.server.member;

import com.google.protobuf.ByteString;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import social.starling.common.Slots;
import social.starling.proto.coordinator.v1.Members;
import social.starling.proto.coordinator.v1.SlotRange;
import social.starling.proto.journal.v1.OwnSlots;
import social.starling.proto.journal.v1.Request;
import social.starling.proto.journal.v1.SlotSet;
import social.starling.replication.Role;
import social.starling.replication.Status;

/**
 * When an open master journals the slots that the coordinators say are its cluster's: whenever they
 * are newer than those in the state, once at a time. Used by the replica thread only.
 */
final class SlotTaking {

  private static final int BYTES = Slots.COUNT / 8;
  private static final long AGAIN_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

  private long version;
  private long epoch;
  private long index;
  private long at;
  private boolean ever;

  /**
   * What to journal now, if anything.
   *
   * @param told what the coordinators say, newer than the state
   * @param applied index of the last entry that is applied
   * @param seen where this member stands
   * @param now in nanoseconds
   */
  Optional<Request> next(Members told, long applied, Status seen, long now) {
    if (told.getSlotsCount() == 0 || seen.role() != Role.OPEN) {
      return Optional.empty();
    }
    boolean asked = ever && version == told.getSlotsVersion() && epoch == seen.knownEpoch();
    if (asked && (index > applied || now - at < AGAIN_NANOS)) {
      return Optional.empty();
    }
    ever = true;
    version = told.getSlotsVersion();
    epoch = seen.knownEpoch();
    index = 0;
    at = now;
    return Optional.of(
        Request.newBuilder()
            .setOwnSlots(OwnSlots.newBuilder().setVersion(version).setAll(toProto(slots(told))))
            .build());
  }

  /** The request of {@link #next} is in the journal at this index. */
  void submitted(long at) {
    index = at;
  }

  private static BitSet slots(Members told) {
    BitSet slots = new BitSet(Slots.COUNT);
    for (SlotRange range : told.getSlotsList()) {
      int from = Math.max(0, range.getFrom());
      int to = Math.min(range.getTo(), Slots.COUNT);
      if (from < to) {
        slots.set(from, to);
      }
    }
    return slots;
  }

  static SlotSet toProto(BitSet slots) {
    return SlotSet.newBuilder()
        .setBits(ByteString.copyFrom(Arrays.copyOf(slots.toByteArray(), BYTES)))
        .build();
  }

  /**
   * The slots of a set.
   *
   * @throws IllegalArgumentException when it does not have 128 bytes
   */
  static BitSet fromProto(ByteString bits) {
    if (bits.size() != BYTES) {
      throw new IllegalArgumentException(
          "a set of slots has %d bytes, not %d".formatted(BYTES, bits.size()));
    }
    return BitSet.valueOf(bits.toByteArray());
  }
}
