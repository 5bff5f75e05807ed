package social.starling.replication;

import java.util.Objects;

/**
 * Names a client's write for ever: repeating it gives the first answer, never a second effect.
 *
 * @param client the client's random id; empty for the system's own entries, which are not repeated
 * @param sequence 1, 2, 3, … per client; 0 for the system's own entries
 */
public record RequestId(String client, long sequence) {

  /** The system's own entries. */
  public static final RequestId NONE = new RequestId("", 0);

  public RequestId {
    Objects.requireNonNull(client, "client");
    if (sequence < 0) {
      throw new IllegalArgumentException("sequence is negative: " + sequence);
    }
  }

  /** Whether this is one of the system's own entries. */
  public boolean isNone() {
    return client.isEmpty();
  }

  @Override
  public String toString() {
    return isNone() ? "-" : client + "#" + sequence;
  }
}
