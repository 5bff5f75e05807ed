package social.starling.bench.load;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** What tests of the feeds of several systems ask and expect alike. */
public final class Work {

  private Work() {}

  /** Makes one call, and tells how many posts it answered. */
  public static int answer(Consumer<Feed.Done> operation) throws Exception {
    CompletableFuture<Integer> answer = new CompletableFuture<>();
    operation.accept(
        new Feed.Done() {
          @Override
          public void answered(int items, int retries) {
            answer.complete(items);
          }

          @Override
          public void failed(String reason, int retries) {
            answer.completeExceptionally(new AssertionError(reason));
          }
        });
    return answer.get(30, TimeUnit.SECONDS);
  }

  /**
   * The timeline of a user after three rounds of posts beforehand, newest first. They were made in
   * the order of the users, with texts in a round of their own.
   */
  public static List<String> expected(Population users, int user) {
    Texts texts = new Texts(200, 1);
    record Post(int id, String line) {}
    List<Post> posts = new ArrayList<>();
    for (int id = 1; id <= 3 * users.size(); id++) {
      int author = (id - 1) % users.size();
      String text = texts.next();
      if (users.followedBy(user).contains(author)) {
        posts.add(new Post(id, users.name(author) + ": " + text));
      }
    }
    return posts.stream()
        .sorted(Comparator.comparingInt(Post::id).reversed())
        .limit(20)
        .map(Post::line)
        .toList();
  }
}
