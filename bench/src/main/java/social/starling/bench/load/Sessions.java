package social.starling.bench.load;

import java.util.ArrayDeque;
import social.starling.client.StarlingClient;
import social.starling.proto.sns.v1.WriteId;

/**
 * Ids for the writes of one user. Each session has one write under way at most, so that everything
 * before it is confirmed; an open loop that runs ahead opens more of them. Owned by one thread.
 */
final class Sessions {

  /** One client as the servers know it. */
  static final class Session {
    private final String client = StarlingClient.newSession();
    private long sequence;

    WriteId next() {
      sequence++;
      return WriteId.newBuilder()
          .setClient(client)
          .setSequence(sequence)
          .setConfirmed(sequence - 1)
          .build();
    }
  }

  private final ArrayDeque<Session> free = new ArrayDeque<>(1);

  Session take() {
    Session session = free.poll();
    return session != null ? session : new Session();
  }

  /** Its write was answered, or given up: the next one says so. */
  void release(Session session) {
    free.push(session);
  }
}
