package social.starling.client.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
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

  /**
   * The newest posts, oldest first; no more than a page of them is in memory at once.
   *
   * @param read gives a page, newest first
   * @param lines shows a post
   */
  static void newest(
      int limit,
      Function<PostPage, List<Post>> read,
      Function<Post, String> lines,
      Consumer<String> print) {
    try (PageSpool spool = new PageSpool()) {
      int missing = limit;
      long below = 0;
      while (missing > 0) {
        int size = Math.min(missing, PostPage.MAX_LIMIT);
        List<Post> page = read.apply(new PostPage(below, 0, size));
        if (page.isEmpty()) {
          break;
        }
        spool.add(page.reversed().stream().map(lines).toList());
        missing -= page.size();
        below = page.getLast().id();
      }
      spool.forEach(print);
    }
  }
}
