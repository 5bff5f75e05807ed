package social.starling.replication;

import java.util.Arrays;
import java.util.Objects;

/**
 * One entry of a cluster's journal. Immutable: nobody may change the array.
 *
 * <p>Two entries with the same index and epoch are the same entry, because an epoch has one master
 * and a master numbers an index once.
 *
 * @param index position in the journal; the first entry ever is 1
 * @param epoch the epoch of the master that made it
 * @param requestId who asked, for repeats
 * @param timeMillis the master's wall clock, in milliseconds since 1970-01-01Z; never decreases
 *     along the journal
 * @param id 64-bit sortable id; strictly increases along the journal, see {@link Ids}
 * @param request what was asked; the replication rules never look inside
 */
public record Entry(
    long index, long epoch, RequestId requestId, long timeMillis, long id, byte[] request) {

  public Entry {
    Objects.requireNonNull(requestId, "requestId");
    Objects.requireNonNull(request, "request");
  }

  /** Bytes that this entry takes in memory and on the wire, roughly: what bounds are counted in. */
  public int weight() {
    return request.length + requestId.client().length() + 64;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Entry that
        && index == that.index
        && epoch == that.epoch
        && timeMillis == that.timeMillis
        && id == that.id
        && requestId.equals(that.requestId)
        && Arrays.equals(request, that.request);
  }

  @Override
  public int hashCode() {
    return Long.hashCode(index * 31 + epoch);
  }

  @Override
  public String toString() {
    return index + ".e" + epoch;
  }
}
