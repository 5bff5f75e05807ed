package social.starling.coordinator;

/** The store could not be read or written. The message is a sentence for whoever runs it. */
final class StoreException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  /** What follows from it. */
  enum Kind {
    /** It may work later: no space, a failing or hanging disk, somebody else at work. */
    FAILED,
    /** What is stored is damaged: trying again is of no use. */
    DAMAGED,
    /** What is stored is not this coordinator's, or of another format. */
    FOREIGN
  }

  private final Kind kind;

  StoreException(Kind kind, String sentence, Throwable cause) {
    super(sentence, cause);
    this.kind = kind;
  }

  static StoreException damaged(String key, String detail) {
    return new StoreException(
        Kind.DAMAGED,
        "the coordinator's record \"%s\" cannot be read: %s".formatted(key, detail),
        null);
  }

  static StoreException foreign(String key) {
    return new StoreException(
        Kind.FOREIGN,
        "the coordinator's record \"%s\" is of a kind that this one does not know: use a newer one"
            .formatted(key),
        null);
  }

  Kind kind() {
    return kind;
  }
}
