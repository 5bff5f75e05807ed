package social.starling.bench.state;

import com.google.protobuf.ByteString;
import java.util.Arrays;
import java.util.function.Consumer;
import social.starling.proto.journal.v1.Follow;
import social.starling.proto.journal.v1.Login;
import social.starling.proto.journal.v1.OwnSlots;
import social.starling.proto.journal.v1.Post;
import social.starling.proto.journal.v1.Request;
import social.starling.proto.journal.v1.SlotSet;
import social.starling.proto.journal.v1.Unfollow;
import social.starling.replication.Entry;
import social.starling.replication.Ids;
import social.starling.replication.RequestId;

/**
 * Numbers requests as the master of a cluster does, one after the other. The same calls give the
 * same entries: time is virtual. Used by one thread.
 */
public final class EntrySource {

  /** Number of the cluster. */
  public static final int CLUSTER = 1;

  /** 2026-11-21T22:50:01.123Z. */
  private static final long START = 1_795_301_401_123L;

  /** Entries in a millisecond of virtual time. */
  private static final int PER_MILLISECOND = 10;

  private static final byte[] ALL_SLOTS = new byte[128];

  static {
    Arrays.fill(ALL_SLOTS, (byte) -1);
  }

  private String client = client(0);
  private long sequence;
  private long index;
  private long id;

  /** The first entry: the cluster owns all slots, so that names can be registered. */
  public Entry slots() {
    SlotSet all = SlotSet.newBuilder().setBits(ByteString.copyFrom(ALL_SLOTS)).build();
    return next(
        RequestId.NONE,
        request -> request.setOwnSlots(OwnSlots.newBuilder().setVersion(1).setAll(all)));
  }

  public Entry login(String user) {
    return write(user, request -> request.setLogin(Login.getDefaultInstance()));
  }

  public Entry follow(String user, String author) {
    return write(user, request -> request.setFollow(Follow.newBuilder().setName(author)));
  }

  public Entry unfollow(String user, String author) {
    return write(user, request -> request.setUnfollow(Unfollow.newBuilder().setName(author)));
  }

  public Entry post(String user, String text) {
    return write(user, request -> request.setPost(Post.newBuilder().setText(text)));
  }

  /** What follows is written by another client: the answer to its last write stays recorded. */
  public void asClient(int number) {
    asClient(number, 0);
  }

  /** As above, by one that has written so many times already. */
  public void asClient(int number, long written) {
    client = client(number);
    sequence = written;
  }

  /** Index of the last entry. */
  public long lastIndex() {
    return index;
  }

  private Entry write(String user, Consumer<Request.Builder> body) {
    RequestId write = new RequestId(client, ++sequence);
    return next(
        write, request -> body.accept(request.setUser(user).setConfirmed(write.sequence() - 1)));
  }

  private Entry next(RequestId write, Consumer<Request.Builder> body) {
    Request.Builder request = Request.newBuilder();
    body.accept(request);
    index++;
    long time = START + index / PER_MILLISECOND;
    id = Ids.next(id, time, CLUSTER);
    return new Entry(index, 1, write, time, id, request.build().toByteArray());
  }

  /** Ids as the client library makes them. */
  private static String client(int number) {
    return "%013d-%016d".formatted(START, number);
  }
}
