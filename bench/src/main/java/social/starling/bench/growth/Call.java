package social.starling.bench.growth;

/** What a user does. */
sealed interface Call {

  String user();

  /** Registers. */
  record Login(String user) implements Call {}

  /** Follows; done already counts as done. */
  record Follow(String user, String author) implements Call {}

  record Post(String user, String text) implements Call {}

  /** Reads the newest 20. */
  record Timeline(String user) implements Call {}
}
