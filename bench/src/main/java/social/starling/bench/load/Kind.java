package social.starling.bench.load;

/** What a simulated user does. */
enum Kind {
  POST("post"),
  TIMELINE("timeline");

  private final String word;

  Kind(String word) {
    this.word = word;
  }

  String word() {
    return word;
  }
}
