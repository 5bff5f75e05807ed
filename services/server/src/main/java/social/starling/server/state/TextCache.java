package social.starling.server.state;

import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * Texts that were read from post files, for those who read them next. Each post has one place,
 * which the last one read takes. Bounded by the number of places and the length of a text.
 * Thread-safe.
 */
final class TextCache {

  private static final int PLACES = 1 << 14;

  /** Longer texts are rare and are read from the file each time. */
  private static final int MAX_BYTES = 600;

  private final AtomicReferenceArray<Text> places = new AtomicReferenceArray<>(PLACES);

  /** A post's time and text. */
  record Text(int post, PostRecord.Content content) {}

  /** What the record of the post says, or null. */
  PostRecord.Content get(int post) {
    Text text = places.get(post & PLACES - 1);
    return text != null && text.post() == post ? text.content() : null;
  }

  void put(int post, PostRecord.Content content) {
    if (content.text().size() <= MAX_BYTES) {
      places.set(post & PLACES - 1, new Text(post, content));
    }
  }
}
