package social.starling.server.world;

/** A {@link Promise} does not hold. */
final class Broken extends RuntimeException {

  private static final long serialVersionUID = 1;

  private final Promise promise;

  Broken(Promise promise, String what) {
    super(promise + " (" + promise.sentence() + "): " + what);
    this.promise = promise;
  }

  Promise promise() {
    return promise;
  }
}
