package social.starling.synchronizer;

import java.util.Map;
import java.util.Optional;

/**
 * A cluster, as the map has it. Immutable.
 *
 * @param number given once, never to another cluster
 * @param epoch of its configuration; 0 when none has been made yet
 * @param master name of the member; empty while the epoch is 0
 * @param members internal addresses ({@code host:port}) of the members that have been heard, by
 *     name
 * @param synchronizer internal address of its synchronizer; empty when it has never been heard
 */
record ClusterView(
    String name,
    int number,
    long epoch,
    String master,
    Map<String, String> members,
    String synchronizer) {

  /** Internal address of the master; empty when there is none, or it has not been heard. */
  Optional<String> masterAddress() {
    return Optional.ofNullable(members.get(master));
  }
}
