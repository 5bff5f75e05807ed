package social.starling.router;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import social.starling.proto.sns.v1.Post;

/** The posts that both members of a cluster have; a post's cursor is its place, from 1. */
final class FakeCluster {

  private final List<Post> posts = new ArrayList<>();

  synchronized Post post(String author, String text) {
    Post post =
        Post.newBuilder().setId(posts.size() + 1000L).setAuthor(author).setText(text).build();
    posts.add(post);
    notifyAll();
    return post;
  }

  synchronized int size() {
    return posts.size();
  }

  /** The post at a place, waiting for it for a while. */
  synchronized Optional<Post> at(int place, long millis) throws InterruptedException {
    if (place > posts.size()) {
      wait(millis);
    }
    return place > posts.size() ? Optional.empty() : Optional.of(posts.get(place - 1));
  }
}
