package social.starling.bench.load;

/** What a simulated user does. */
public enum Kind {
  POST("post"),
  TIMELINE("timeline");

  private final String word;

  Kind(String word) {
    this.word = word;
  }

  public String word() {
    return word;
  }
}
