package social.starling.client;

import java.util.List;

/**
 * A page of a timeline, newest first.
 *
 * @param cursor everything up to this change is in what was read: a stream goes on from here
 */
public record TimelinePage(List<Post> posts, long cursor) {

  public TimelinePage {
    posts = List.copyOf(posts);
  }
}
