package social.starling.client;

/** Knows the way to each user's home cluster. Thread-safe. */
interface Routing {

  /** The way to the cluster where a user lives, or would live. */
  Route toHomeOf(String name);
}
