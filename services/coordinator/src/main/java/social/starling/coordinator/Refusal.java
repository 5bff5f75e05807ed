package social.starling.coordinator;

/** A request that is not carried out. The message is a sentence for whoever asked. */
final class Refusal extends RuntimeException {

  private static final long serialVersionUID = 1L;

  /** Why, in kinds: what the caller can do about it differs. */
  enum Kind {
    /** The request itself is wrong. */
    INVALID,
    /** It names what is not recorded. */
    UNKNOWN,
    /** It contradicts what is recorded. */
    CONFLICT,
    /** What is recorded or heard forbids it. */
    FORBIDDEN,
    /** What is recorded is older than the volumes. */
    OLD_STATE,
    /** A bound is reached. */
    EXHAUSTED,
    /** It was not tried, or it is not known whether it took effect: try again. */
    UNAVAILABLE
  }

  private final Kind kind;

  Refusal(Kind kind, String sentence) {
    super(sentence, null, false, false);
    this.kind = kind;
  }

  static Refusal of(Kind kind, String format, Object... values) {
    return new Refusal(kind, format.formatted(values));
  }

  Kind kind() {
    return kind;
  }
}
