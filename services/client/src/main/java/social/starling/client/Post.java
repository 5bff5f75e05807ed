package social.starling.client;

import java.time.Instant;

/**
 * A post.
 *
 * @param id sorts by time within a cluster; never negative
 * @param author the author's name as it was registered
 * @param text as it was posted: any Unicode, several lines, control characters too
 * @param time when the author's cluster took it, in whole milliseconds
 */
public record Post(long id, String author, String text, Instant time) {

  static Post of(social.starling.proto.sns.v1.Post post) {
    return new Post(
        post.getId(), post.getAuthor(), post.getText(), Instant.ofEpochMilli(post.getTimeMillis()));
  }
}
