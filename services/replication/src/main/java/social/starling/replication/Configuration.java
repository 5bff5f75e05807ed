package social.starling.replication;

import java.util.Map;
import java.util.Objects;

/**
 * Who is master of a cluster and which volumes are in sync, as the coordinator decided it.
 * Immutable.
 *
 * @param epoch raised by every change; 0 before the first
 * @param master name of the master; empty at epoch 0
 * @param masterInstance the process that asked to be master, or that a handover named
 * @param inSync member name → id of the volume that is in sync
 * @param released the former master had stopped reads and writes before it asked for this
 * @param previousMaster master of epoch − 1; empty if there was none
 * @param previousInstance its process
 */
public record Configuration(
    long epoch,
    String master,
    String masterInstance,
    Map<String, String> inSync,
    boolean released,
    String previousMaster,
    String previousInstance) {

  /** What a member knows before it has heard anything. */
  public static final Configuration NONE = new Configuration(0, "", "", Map.of(), false, "", "");

  public Configuration {
    Objects.requireNonNull(master, "master");
    Objects.requireNonNull(masterInstance, "masterInstance");
    inSync = Map.copyOf(inSync);
  }

  /** Whether this member is in sync with this very volume. */
  public boolean hasInSync(String member, String volume) {
    return volume.equals(inSync.get(member));
  }

  @Override
  public String toString() {
    return "e" + epoch + " master=" + master + " inSync=" + new java.util.TreeMap<>(inSync);
  }
}
