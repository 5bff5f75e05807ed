package social.starling.server.storage;

/** The volume failed. Whatever was being written may or may not be there; nothing more will be. */
public final class StorageException extends RuntimeException {

  private final Kind kind;

  /** What went wrong. */
  public enum Kind {
    /** No space left; gRPC: RESOURCE_EXHAUSTED, reason DISK_FULL. */
    FULL,
    /** What is stored is not what was written; gRPC: DATA_LOSS, reason DAMAGED. */
    DAMAGED,
    /** A write, an fsync or a read failed. */
    FAILED,
    /** The volume is closed. */
    CLOSED
  }

  StorageException(Kind kind, String sentence, Throwable cause) {
    super(sentence, cause);
    this.kind = kind;
  }

  public Kind kind() {
    return kind;
  }
}
