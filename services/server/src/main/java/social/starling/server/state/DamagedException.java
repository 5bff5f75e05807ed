package social.starling.server.state;

/** What the volume holds is not what was written; gRPC: DATA_LOSS, reason DAMAGED. */
public final class DamagedException extends RuntimeException {

  /**
   * @param sentence which post, in which file
   */
  public DamagedException(String sentence) {
    super(sentence);
  }

  /**
   * @param sentence which post, in which file
   * @param cause why it could not be read
   */
  public DamagedException(String sentence, Throwable cause) {
    super(sentence, cause);
  }
}
