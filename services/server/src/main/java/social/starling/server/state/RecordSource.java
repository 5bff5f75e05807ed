package social.starling.server.state;

/** Where records that are no longer in memory are read from: the post files. */
@FunctionalInterface
public interface RecordSource {

  /**
   * The bytes of a post's record, checked. Called by any thread; may block on the disk.
   *
   * @throws DamagedException the file does not hold the record, and nothing else does
   */
  byte[] read(PostPlace place);
}
