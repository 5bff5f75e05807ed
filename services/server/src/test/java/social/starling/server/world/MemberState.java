package social.starling.server.world;

import com.google.protobuf.InvalidProtocolBufferException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.OptionalInt;
import social.starling.proto.journal.v1.Request;
import social.starling.replication.Application;
import social.starling.replication.Entry;
import social.starling.server.state.Applied;
import social.starling.server.state.Change;
import social.starling.server.state.Position;
import social.starling.server.state.State;

/** What one process of a member holds: real state, and what it knows of peers while it serves. */
final class MemberState implements Application {

  private final World world;
  private final Cluster cluster;
  private final State state;
  private final Deque<Change> unwritten = new ArrayDeque<>();

  /** Up to where peers have said that nothing was for this cluster. */
  private final Map<Integer, Long> seen = new HashMap<>();

  MemberState(World world, Cluster cluster, State state) {
    this.world = world;
    this.cluster = cluster;
    this.state = state;
  }

  State state() {
    return state;
  }

  /** The volume has a change. */
  Change unwritten() {
    return unwritten.removeFirst();
  }

  /** It was read from a volume's tables. */
  void loaded(long applied, Change.Totals written) {
    cluster.chronicle().loaded(applied, written, state.totals());
  }

  @Override
  public void apply(Entry entry) {
    Entry read = world.plant().applies(entry, this);
    Applied applied = state.apply(read);
    unwritten.addLast(applied.change());
    cluster.chronicle().applied(read, applied, state);
  }

  @Override
  public byte[] prepare(byte[] request) {
    Request parsed = parse(request);
    if (!parsed.hasFollow()) {
      return request;
    }
    OptionalInt home = state.home(parsed.getFollow().getName());
    if (home.isEmpty() || home.getAsInt() == State.LOCAL) {
      return request;
    }
    long position = world.plant().position(position(home.getAsInt()), this);
    Request.Builder filled = parsed.toBuilder();
    filled.getFollowBuilder().setPosition(position);
    return filled.build().toByteArray();
  }

  /** Up to which entry of a peer's journal this cluster has what it needs. */
  long position(int home) {
    long cursor = state.cursor(home).index();
    long known = seen.getOrDefault(home, 0L);
    if (known > cursor) {
      world.counts().add(Seen.FOLLOWS_BEYOND_THE_CURSOR);
    }
    return Math.max(cursor, known);
  }

  /** A peer says that nothing else was for this cluster. Counts when all before it is here. */
  void saw(int peer, Position after, long index) {
    if (state.cursor(peer).equals(after) || world.plant().believesSeen()) {
      seen.merge(peer, index, Math::max);
    }
  }

  @Override
  public void closed() {
    if (!seen.isEmpty() && !world.plant().keepsSeen()) {
      world.counts().add(Seen.SEEN_FORGOTTEN);
      seen.clear();
    }
  }

  static Request parse(byte[] request) {
    try {
      return Request.parseFrom(request);
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalStateException(e);
    }
  }
}
