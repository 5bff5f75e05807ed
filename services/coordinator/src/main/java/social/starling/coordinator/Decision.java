package social.starling.coordinator;

import social.starling.proto.coordinator.v1.Configuration;

/** What comes of a request to change a configuration. */
sealed interface Decision {

  /** The configuration that takes the place of the current one, once it is durable. */
  record Executed(Configuration next) implements Decision {}

  /** Nothing changes; the reason in a sentence, for logs only. */
  record Refused(String reason) implements Decision {}
}
