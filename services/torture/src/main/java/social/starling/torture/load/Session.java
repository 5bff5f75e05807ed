package social.starling.torture.load;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.Supplier;
import social.starling.client.NamePage;
import social.starling.client.Post;
import social.starling.client.PostPage;
import social.starling.client.StarlingClient;
import social.starling.client.StarlingException;
import social.starling.client.TimelinePage;
import social.starling.torture.history.Call;
import social.starling.torture.history.Operation;

/**
 * One user's calls, one after the other, each written down with what came of it. One thread at a
 * time.
 */
final class Session {

  private static final int NAMES = 500;

  private final int number;
  private final StarlingClient client;
  private final Call.Via via;
  private final Notebook notebook;

  Session(int number, StarlingClient client, Call.Via via, Notebook notebook) {
    this.number = number;
    this.client = client;
    this.via = via;
    this.notebook = notebook;
  }

  int number() {
    return number;
  }

  String user() {
    return client.user();
  }

  StarlingClient client() {
    return client;
  }

  boolean register() {
    return call(
            new Operation.Register(),
            () -> {
              client.login();
              return new Operation.Register();
            })
        .isPresent();
  }

  /** Posts; the id when it was acknowledged. */
  Optional<Long> post(String text) {
    return call(
            new Operation.Post(text, 0),
            () -> {
              Post post = client.post(text);
              notebook.saw(post, "the answer to " + user());
              return new Operation.Post(text, post.id());
            })
        .map(Operation.Post::id);
  }

  boolean delete(long id) {
    return done(new Operation.Delete(id), () -> client.delete(id));
  }

  boolean follow(String name) {
    return done(new Operation.Follow(name), () -> client.follow(name));
  }

  boolean unfollow(String name) {
    return done(new Operation.Unfollow(name), () -> client.unfollow(name));
  }

  /** One author's posts below an id, or the newest with 0. */
  List<Long> posts(String author, long maxId, int limit) {
    return call(
            new Operation.Posts(author, maxId, limit, List.of()),
            () ->
                new Operation.Posts(
                    author,
                    maxId,
                    limit,
                    ids(client.posts(author, new PostPage(maxId, 0, limit)), "posts")))
        .map(Operation.Posts::ids)
        .orElse(List.of());
  }

  /** The timeline below an id, or the newest with 0. */
  List<Long> timeline(long maxId, int limit) {
    return call(
            new Operation.Timeline(maxId, limit, List.of(), 0),
            () -> {
              TimelinePage page = client.timeline(new PostPage(maxId, 0, limit));
              return new Operation.Timeline(
                  maxId, limit, ids(page.posts(), "timeline"), page.cursor());
            })
        .map(Operation.Timeline::ids)
        .orElse(List.of());
  }

  Optional<List<String>> following() {
    return call(
            new Operation.Following(List.of()),
            () -> new Operation.Following(names(client::listFollowing)))
        .map(Operation.Following::names);
  }

  Optional<List<String>> followers() {
    return call(
            new Operation.Followers(List.of()),
            () -> new Operation.Followers(names(client::listFollowers)))
        .map(Operation.Followers::names);
  }

  /** All names of a list that comes in pages. */
  static List<String> names(BiFunction<Integer, String, NamePage> read) {
    NamePage page = read.apply(NAMES, "");
    List<String> names = new ArrayList<>(page.names());
    while (!page.next().isEmpty()) {
      page = read.apply(NAMES, page.next());
      names.addAll(page.names());
    }
    return names;
  }

  private List<Long> ids(List<Post> posts, String what) {
    posts.forEach(post -> notebook.saw(post, "the %s of %s".formatted(what, user())));
    return posts.stream().map(Post::id).toList();
  }

  private <O extends Operation> boolean done(O operation, Runnable action) {
    return call(
            operation,
            () -> {
              action.run();
              return operation;
            })
        .isPresent();
  }

  private <O extends Operation> Optional<O> call(O asked, Supplier<O> action) {
    long begun = notebook.now();
    try {
      O answered = action.get();
      write(answered, begun, Call.Outcome.OK, "");
      return Optional.of(answered);
    } catch (StarlingException e) {
      write(
          asked, begun, e.outcomeUnknown() ? Call.Outcome.UNKNOWN : Call.Outcome.FAILED, e.word());
      return Optional.empty();
    }
  }

  private void write(Operation operation, long begun, Call.Outcome outcome, String reason) {
    notebook.write(
        new Call(number, user(), via, operation, begun, notebook.now(), outcome, reason));
  }
}
