package social.starling.server.world;

import social.starling.proto.sync.v1.Item;
import social.starling.replication.Entry;
import social.starling.server.state.Effect;
import social.starling.server.state.Position;
import social.starling.server.state.State;

/** What a run is made of. Planted bugs replace a part. */
class WorldPlant {

  static final WorldPlant NONE = new WorldPlant();

  /** The position that the master journals with a follow. */
  long position(long known, MemberState member) {
    return known;
  }

  /** "Seen" counts also when not everything before it is here. */
  boolean believesSeen() {
    return false;
  }

  /** What was seen is kept by a member that serves no longer. */
  boolean keepsSeen() {
    return false;
  }

  /** The entry as a member applies it. */
  Entry applies(Entry entry, MemberState member) {
    return entry;
  }

  /** Whether an effect reaches the disk. */
  boolean keeps(Effect effect) {
    return true;
  }

  /** Whether members' states are compared, and what was read from disk with what was written. */
  boolean compares() {
    return true;
  }

  /** Whether a change is sent to another cluster. */
  boolean sends(Item item, State sender, int receiver) {
    return true;
  }

  /** Where a batch ends. */
  Position ends(Position upTo) {
    return upTo;
  }

  /** Where a stream goes on at a member that it was not at before. */
  long resumes(long cursor, State at) {
    return cursor;
  }

  /** A relay begins again when something went wrong. */
  boolean beginsAgain() {
    return true;
  }
}
