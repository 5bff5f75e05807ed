package social.starling.replication;

/** Asked a simulated member to write something. */
public interface Requester {

  /** It was not done, or may not have been. */
  void refused(RequestId request);

  /**
   * It is done.
   *
   * @param index of its entry
   */
  void done(RequestId request, long index);
}
