package social.starling.client.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import social.starling.client.NamePage;
import social.starling.client.Post;
import social.starling.client.PostPage;
import social.starling.client.StarlingClient;
import social.starling.client.User;
import social.starling.client.UserPage;

/** Reads page after page. */
final class Pages {

  private static final int NAMES = 1000;

  private Pages() {}

  /** The names of all users. */
  static List<String> users(StarlingClient client) {
    List<String> names = new ArrayList<>();
    UserPage page = client.listUsers(NAMES, "");
    page.users().stream().map(User::name).forEach(names::add);
    while (!page.next().isEmpty()) {
      page = client.listUsers(NAMES, page.next());
      page.users().stream().map(User::name).forEach(names::add);
    }
    return names;
  }

  /** The names of all who follow the client's user. */
  static List<String> followers(StarlingClient client) {
    List<String> names = new ArrayList<>();
    NamePage page = client.listFollowers(NAMES, "");
    names.addAll(page.names());
    while (!page.next().isEmpty()) {
      page = client.listFollowers(NAMES, page.next());
      names.addAll(page.names());
    }
    return names;
  }

  /** The newest posts, oldest first. */
  static List<Post> newest(int limit, Function<PostPage, List<Post>> read) {
    List<Post> posts = new ArrayList<>();
    long below = 0;
    while (posts.size() < limit) {
      int size = Math.min(limit - posts.size(), PostPage.MAX_LIMIT);
      List<Post> page = read.apply(new PostPage(below, 0, size));
      if (page.isEmpty()) {
        break;
      }
      posts.addAll(page);
      below = page.getLast().id();
    }
    return posts.reversed();
  }
}
