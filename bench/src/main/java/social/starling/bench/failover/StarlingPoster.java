package social.starling.bench.failover;

import social.starling.client.StarlingClient;
import social.starling.client.StarlingException;

/** The client library, which repeats by itself. */
final class StarlingPoster implements Poster {

  private final StarlingClient client;

  /**
   * @param client closed by its owner
   */
  StarlingPoster(StarlingClient client) {
    this.client = client;
  }

  @Override
  public long post(String text) throws Refused {
    try {
      return client.post(text).id();
    } catch (StarlingException e) {
      throw new Refused(e.word() + ": " + e.getMessage(), e.outcomeUnknown(), e);
    }
  }

  @Override
  public long retries() {
    return client.retries();
  }

  @Override
  public void close() {
    // The client is another's.
  }
}
