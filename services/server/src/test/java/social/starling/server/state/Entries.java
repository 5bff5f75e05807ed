package social.starling.server.state;

import com.google.protobuf.ByteString;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.function.Consumer;
import social.starling.proto.journal.v1.Delete;
import social.starling.proto.journal.v1.ExpireAnswers;
import social.starling.proto.journal.v1.Follow;
import social.starling.proto.journal.v1.Login;
import social.starling.proto.journal.v1.OwnSlots;
import social.starling.proto.journal.v1.Post;
import social.starling.proto.journal.v1.Received;
import social.starling.proto.journal.v1.Request;
import social.starling.proto.journal.v1.SlotSet;
import social.starling.proto.journal.v1.Unfollow;
import social.starling.proto.sync.v1.Item;
import social.starling.replication.Entry;
import social.starling.replication.Ids;
import social.starling.replication.RequestId;

/** Makes the entries of a journal, one after the other. */
public final class Entries {

  /** 2026-11-21T22:50:01.123Z. */
  public static final long START = 1_795_301_401_123L;

  /** Number of the cluster whose journal it is, unless another is named. */
  public static final int CLUSTER = 3;

  private static final byte[] ALL_SLOTS = new byte[128];

  static {
    Arrays.fill(ALL_SLOTS, (byte) -1);
  }

  private long index;
  private long id;
  private long time = START;
  private long epoch = 1;
  private long sequence;
  private final String client;
  private int cluster = CLUSTER;

  public Entries() {
    this(client(START));
  }

  /** Those of a client. */
  public Entries(String client) {
    this.client = client;
  }

  /** A client's id as the client library makes it. */
  public static String client(long bornMillis) {
    return "%013d-abcdefghij012345".formatted(bornMillis);
  }

  /** A state in which nothing has happened, of a cluster that owns all slots. */
  public static State state() {
    StateLoader loader = new StateLoader(place -> new byte[0], State.DEFAULT_CACHE_BYTES);
    loader.slots(1, ALL_SLOTS);
    return loader.finish(0, 0);
  }

  /** Those of another cluster. */
  public Entries cluster(int number) {
    cluster = number;
    return this;
  }

  /** Goes on after an index, as the master of a later epoch would. */
  public Entries from(long lastIndex) {
    index = lastIndex;
    return this;
  }

  public long lastIndex() {
    return index;
  }

  public long lastId() {
    return id;
  }

  public long time() {
    return time;
  }

  public Entries epoch(long value) {
    epoch = value;
    return this;
  }

  public Entries passes(long millis) {
    time += millis;
    return this;
  }

  /** The cluster owns all slots: without it nobody can register. */
  public Entry slots() {
    return slots(1, BitSet.valueOf(ALL_SLOTS));
  }

  /** The cluster owns these slots. */
  public Entry slots(long version, BitSet slots) {
    return slots(OwnSlots.newBuilder().setVersion(version).setAll(set(slots)));
  }

  /** The cluster gives these slots up. */
  public Entry release(long version, BitSet slots) {
    return slots(OwnSlots.newBuilder().setVersion(version).setRelease(set(slots)));
  }

  public Entry slots(OwnSlots.Builder change) {
    return next(RequestId.NONE, request -> request.setOwnSlots(change));
  }

  private static SlotSet set(BitSet slots) {
    return SlotSet.newBuilder()
        .setBits(ByteString.copyFrom(Arrays.copyOf(slots.toByteArray(), ALL_SLOTS.length)))
        .build();
  }

  /** A follow of a user of another cluster. */
  public Entry follow(String user, String name, long position) {
    return next(
        user,
        request -> request.setFollow(Follow.newBuilder().setName(name).setPosition(position)));
  }

  /** A batch of another cluster. */
  public Entry received(int from, Position after, Position upTo, Item... items) {
    return received(
        Received.newBuilder()
            .setCluster(from)
            .setAfter(after.message())
            .setUpTo(upTo.message())
            .addAllItems(List.of(items)));
  }

  public Entry received(Received.Builder received) {
    return next(RequestId.NONE, request -> request.setReceived(received));
  }

  public Entry login(String user) {
    return next(user, request -> request.setLogin(Login.getDefaultInstance()));
  }

  public Entry follow(String user, String name) {
    return next(user, request -> request.setFollow(Follow.newBuilder().setName(name)));
  }

  public Entry unfollow(String user, String name) {
    return next(user, request -> request.setUnfollow(Unfollow.newBuilder().setName(name)));
  }

  public Entry post(String user, String text) {
    return next(user, request -> request.setPost(Post.newBuilder().setText(text)));
  }

  public Entry delete(String user, long post) {
    return next(user, request -> request.setDelete(Delete.newBuilder().setId(post)));
  }

  public Entry expire(long beforeMillis) {
    return next(
        RequestId.NONE,
        request ->
            request.setExpireAnswers(ExpireAnswers.newBuilder().setBeforeMillis(beforeMillis)));
  }

  /** A write of the one client, which confirms all that it wrote before. */
  public Entry next(String user, Consumer<Request.Builder> body) {
    RequestId write = new RequestId(client, ++sequence);
    return next(
        write, request -> body.accept(request.setUser(user).setConfirmed(write.sequence() - 1)));
  }

  /** A write of any client. */
  public Entry next(RequestId write, Consumer<Request.Builder> body) {
    Request.Builder request = Request.newBuilder();
    body.accept(request);
    return next(write, request.build().toByteArray());
  }

  public Entry next(RequestId write, byte[] request) {
    id = Ids.next(id, time, cluster);
    return new Entry(++index, epoch, write, time, id, request);
  }
}
