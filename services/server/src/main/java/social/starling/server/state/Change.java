package social.starling.server.state;

import java.util.List;

/**
 * What applying one entry changes on the volume.
 *
 * @param index of the entry
 * @param effects in order; empty when nothing changed
 * @param totals of the state after the entry
 */
public record Change(long index, List<Effect> effects, Totals totals) {

  /**
   * Numbers over the whole state.
   *
   * @param checksum sum of a hash of each row of each table: equal on both members at the same
   *     index
   * @param horizon clients unknown and made before this time (milliseconds since 1970-01-01Z) are
   *     refused, see {@link Answers}
   */
  public record Totals(long checksum, long horizon) {}
}
