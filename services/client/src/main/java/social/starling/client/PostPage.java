package social.starling.client;

/**
 * Which posts to read, newest first.
 *
 * @param maxId only posts with an id below this; 0 means no bound
 * @param sinceId only posts with an id above this; 0 means no bound
 * @param limit 1 to 200
 */
public record PostPage(long maxId, long sinceId, int limit) {

  /** The most that one page holds. */
  public static final int MAX_LIMIT = 200;

  public PostPage {
    if (maxId < 0 || sinceId < 0) {
      throw new IllegalArgumentException("an id is negative: " + maxId + ", " + sinceId);
    }
    if (limit < 1 || limit > MAX_LIMIT) {
      throw new IllegalArgumentException("a page has 1 to 200 posts, not " + limit);
    }
  }

  /** The newest. */
  public static PostPage newest(int limit) {
    return new PostPage(0, 0, limit);
  }

  /** Those with an id below that of the last post of the page before. */
  public PostPage below(long id) {
    return new PostPage(id, sinceId, limit);
  }
}
