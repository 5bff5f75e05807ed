package social.starling.client.cli;

import social.starling.client.StarlingException;

/** A post of an import that failed for good. */
final class ImportFailure extends RuntimeException {

  private final StarlingException reason;

  ImportFailure(PostFile.Item item, StarlingException reason) {
    super(
        (item == null || item.file() == null ? "" : item.where() + ": ")
            + Failures.sentence(reason),
        reason);
    this.reason = reason;
  }

  StarlingException reason() {
    return reason;
  }
}
