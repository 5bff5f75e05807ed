package social.starling.replication;

/** An {@link Invariant} does not hold. */
final class Violation extends RuntimeException {

  private static final long serialVersionUID = 1;

  private final Invariant invariant;

  Violation(Invariant invariant, String what) {
    super(invariant + " (" + invariant.sentence() + "): " + what);
    this.invariant = invariant;
  }

  Violation(Invariant invariant, String what, Throwable cause) {
    this(invariant, what);
    initCause(cause);
  }

  Invariant invariant() {
    return invariant;
  }
}
