package social.starling.replication;

/** What the process of a simulated member applies committed entries to. It dies with it. */
public interface Application {

  /** Keeps nothing. */
  Application NONE = entry -> {};

  /** The next committed entry. */
  void apply(Entry entry);

  /** What the master journals of what was asked, before it does. */
  default byte[] prepare(byte[] request) {
    return request;
  }

  /** The member serves no longer. */
  default void closed() {}
}
