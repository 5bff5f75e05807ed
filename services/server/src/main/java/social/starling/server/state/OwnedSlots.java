package social.starling.server.state;

import com.google.protobuf.ByteString;
import java.util.Arrays;
import java.util.BitSet;
import java.util.concurrent.atomic.AtomicIntegerArray;
import social.starling.common.Slots;
import social.starling.proto.journal.v1.SlotSet;

/**
 * The slots in which this cluster takes new names, and in which its users live. One thread changes
 * it; any reads.
 */
final class OwnedSlots {

  /** Bytes of a set: bit (slot % 8) of byte (slot / 8). */
  static final int BYTES = Slots.COUNT / 8;

  private final AtomicIntegerArray users = new AtomicIntegerArray(Slots.COUNT);
  private volatile Owned owned = new Owned(0, new BitSet());

  /** The set is never changed. */
  private record Owned(long version, BitSet slots) {}

  /** Version of the coordinator's table that was taken over last; 0 before the first. */
  long version() {
    return owned.version;
  }

  boolean owns(int slot) {
    return owned.slots.get(slot);
  }

  BitSet copy() {
    return (BitSet) owned.slots.clone();
  }

  /** Slots in which users live. */
  BitSet used() {
    BitSet used = new BitSet(Slots.COUNT);
    for (int i = 0; i < Slots.COUNT; i++) {
      if (users.get(i) > 0) {
        used.set(i);
      }
    }
    return used;
  }

  int[] usersPerSlot() {
    int[] counts = new int[Slots.COUNT];
    for (int i = 0; i < counts.length; i++) {
      counts[i] = users.get(i);
    }
    return counts;
  }

  void registered(int slot) {
    users.incrementAndGet(slot);
  }

  /** Takes these, and keeps those in use. */
  void take(long version, BitSet slots) {
    BitSet all = used();
    all.or(slots);
    owned = new Owned(version, all);
  }

  /** Gives these up, but not those in use. */
  void release(long version, BitSet slots) {
    BitSet given = (BitSet) slots.clone();
    given.andNot(used());
    BitSet left = copy();
    left.andNot(given);
    owned = new Owned(version, left);
  }

  void load(long version, byte[] bits) {
    if (version < 1 || bits.length != BYTES) {
      throw new IllegalArgumentException("slots of version " + version);
    }
    owned = new Owned(version, BitSet.valueOf(bits));
  }

  byte[] bits() {
    return Arrays.copyOf(owned.slots.toByteArray(), BYTES);
  }

  SlotSet message() {
    return SlotSet.newBuilder().setBits(ByteString.copyFrom(bits())).build();
  }

  /** Hash of the row, 0 when there is none. */
  long rowHash() {
    Owned row = owned;
    return row.version == 0 ? 0 : Rows.slots(row.version, bits());
  }
}
