package social.starling.coordinator;

import java.util.BitSet;

/**
 * What a cluster's state says of slots, by the rules that members follow: whatever is journaled has
 * an effect only if its version is above that of the state, and no slot where users live is ever
 * given up.
 */
final class FakeOwner {

  private final BitSet owned = new BitSet(1024);
  private final BitSet used = new BitSet(1024);
  private long version;

  /** The master journals what a pushed table gives the cluster. */
  synchronized void take(long newer, BitSet slots) {
    if (newer > version && !slots.isEmpty()) {
      version = newer;
      owned.clear();
      owned.or(slots);
      owned.or(used);
    }
  }

  synchronized Masters.Released release(long newer, BitSet asked) {
    if (newer > version) {
      version = newer;
      BitSet gone = (BitSet) asked.clone();
      gone.andNot(used);
      owned.andNot(gone);
    }
    BitSet released = (BitSet) asked.clone();
    released.andNot(owned);
    return new Masters.Released(released, (BitSet) used.clone());
  }

  /** A new user; false when the cluster does not take the name. */
  synchronized boolean login(int slot) {
    if (owned.get(slot)) {
      used.set(slot);
    }
    return owned.get(slot);
  }

  synchronized BitSet owned() {
    return (BitSet) owned.clone();
  }

  synchronized BitSet used() {
    return (BitSet) used.clone();
  }

  synchronized long version() {
    return version;
  }
}
