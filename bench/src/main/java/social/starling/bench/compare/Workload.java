package social.starling.bench.compare;

/** What the simulated users do. */
enum Workload {
  POSTS("posts", 100, 1_000),
  TIMELINES("timelines", 0, 1_000),
  MIX("90 % timelines, 10 % posts", 10, 2_000);

  private final String words;
  private final int postPercent;
  private final int rate;

  Workload(String words, int postPercent, int rate) {
    this.words = words;
    this.postPercent = postPercent;
    this.rate = rate;
  }

  String words() {
    return words;
  }

  int postPercent() {
    return postPercent;
  }

  /** Operations per second of the open loop: what the slowest of all systems can keep up with. */
  int rate() {
    return rate;
  }
}
