package social.starling.replication;

/**
 * What a member asks of the coordinator: a change of the configuration, executed only if {@link
 * #epoch()} is still the current epoch when it arrives.
 */
public sealed interface Request {

  /** The epoch that the asking member knows. */
  long epoch();

  /** (e+1, master = the asker, in-sync = the asker alone). */
  record Promote(long epoch) implements Request {}

  /** (e+1, same master, in-sync = the master alone). */
  record Shrink(long epoch) implements Request {}

  /** (e+1, same master, in-sync = both, the peer with this volume). */
  record Expand(long epoch, String peerVolume) implements Request {}

  /** (e+1, master = the peer's process, in-sync unchanged, released). */
  record Handover(long epoch, String peerInstance) implements Request {}
}
