package social.starling.launcher.system;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import social.starling.client.Post;

/**
 * Compares what clients were told with what is stored and what streams showed:
 *
 * <ol>
 *   <li>each acknowledged post is stored with the id and the text that were acknowledged, unless it
 *       was deleted; one whose deletion was acknowledged is not;
 *   <li>what is stored was written, and once;
 *   <li>an author's posts are stored in the order in which the author wrote them;
 *   <li>a stream showed each stored post of those whom its reader follows, none twice, each
 *       author's in the order of the ids, and nothing else; of those whom the reader began to
 *       follow meanwhile, each that was begun after the follow was acknowledged;
 *   <li>the timeline of such a reader in the end is what is stored of those, no more and no less;
 *   <li>who follows whom is what was acknowledged last, and the same at both ends;
 *   <li>no read missed a write that had been acknowledged before it began.
 * </ol>
 *
 * <p>What has an unknown outcome may have happened, once, or not. Each text is written once by its
 * author. Pure.
 */
final class Checker {

  /**
   * What is there in the end.
   *
   * @param posts by author, oldest first
   * @param following by user
   * @param followers by author
   * @param timelines by reader: ids
   */
  record Stored(
      Map<String, List<Post>> posts,
      Map<String, Set<String>> following,
      Map<String, Set<String>> followers,
      Map<String, Set<Long>> timelines) {}

  private static final int MOST_SHOWN = 30;

  private final History history;
  private final Stored stored;
  private final Map<String, Set<String>> readers;
  private final List<String> violations = new ArrayList<>();

  private Checker(History history, Stored stored, Map<String, Set<String>> readers) {
    this.history = history;
    this.stored = stored;
    this.readers = readers;
  }

  /**
   * Checks everything.
   *
   * @param readers by name of a stream's reader: the authors whom it followed all the time, from
   *     before their first post
   * @return what is wrong, in sentences; empty when all is well
   */
  static List<String> violations(History history, Stored stored, Map<String, Set<String>> readers) {
    Checker checker = new Checker(history, stored, readers);
    checker.checkPosts();
    checker.checkStreams();
    checker.checkSubscriptions();
    checker.checkTimelines();
    checker.checkFollowing();
    checker.checkFollowers();
    checker.violations.addAll(history.staleReads());
    return checker.violations.size() <= MOST_SHOWN
        ? checker.violations
        : checker.violations.subList(0, MOST_SHOWN);
  }

  private void checkPosts() {
    history.writes().forEach(this::checkPosts);
    for (String author : stored.posts().keySet()) {
      if (!history.writes().containsKey(author) && !stored.posts().get(author).isEmpty()) {
        violations.add(author + " wrote nothing and has posts");
      }
    }
  }

  private void checkPosts(String author, List<History.Write> writes) {
    List<Post> posts = stored.posts().getOrDefault(author, List.of());
    Map<String, Integer> order = new HashMap<>();
    Map<String, Post> byText = new HashMap<>();
    for (int i = 0; i < writes.size(); i++) {
      order.put(writes.get(i).text(), i);
    }
    int last = -1;
    long lastId = -1;
    for (Post post : posts) {
      Integer place = order.get(post.text());
      if (place == null) {
        violations.add("stored but never written: " + shown(post));
        continue;
      }
      if (byText.put(post.text(), post) != null) {
        violations.add("stored twice: " + shown(post));
      } else if (place < last) {
        violations.add("stored out of order: " + shown(post));
      }
      if (post.id() <= lastId) {
        violations.add("ids do not ascend at " + shown(post));
      }
      last = Math.max(last, place);
      lastId = post.id();
    }
    for (History.Write write : writes) {
      checkWrite(author, write, byText.get(write.text()));
    }
  }

  private void checkWrite(String author, History.Write write, Post post) {
    if (write.outcome() == History.Outcome.UNKNOWN) {
      return;
    }
    String what = "%s #%d \"%s\"".formatted(author, write.id(), write.text());
    if (post == null) {
      if (write.deleted() == History.Deletion.NONE) {
        violations.add("acknowledged but lost: " + what);
      }
    } else if (post.id() != write.id()) {
      violations.add("acknowledged as %s, stored as #%d".formatted(what, post.id()));
    } else if (write.deleted() == History.Deletion.ACKNOWLEDGED) {
      violations.add("deleted but still there: " + what);
    }
  }

  private void checkStreams() {
    Map<String, List<Post>> streams = history.streams();
    readers.forEach(
        (reader, authors) -> checkStream(reader, authors, streams.getOrDefault(reader, List.of())));
  }

  private void checkStream(String reader, Set<String> authors, List<Post> shown) {
    checkOrder(reader, shown);
    for (Post post : shown) {
      if (!authors.contains(post.author())) {
        violations.add("%s does not follow: %s".formatted(reader, shown(post)));
      }
    }
    Map<Long, String> texts =
        shown.stream().collect(Collectors.toMap(Post::id, Post::text, (a, b) -> a));
    Set<Long> known = new HashSet<>();
    for (String author : authors) {
      for (Post post : stored.posts().getOrDefault(author, List.of())) {
        known.add(post.id());
        String text = texts.get(post.id());
        if (text == null) {
          violations.add("%s was never shown: %s".formatted(reader, shown(post)));
        } else if (!text.equals(post.text())) {
          violations.add("%s was shown \"%s\" for %s".formatted(reader, text, shown(post)));
        }
      }
    }
    Set<Long> deleted = deleted(authors);
    for (Post post : shown) {
      if (authors.contains(post.author())
          && !known.contains(post.id())
          && !deleted.contains(post.id())) {
        violations.add("%s was shown what is not stored: %s".formatted(reader, shown(post)));
      }
    }
  }

  private void checkOrder(String reader, List<Post> shown) {
    Set<Long> ids = new HashSet<>();
    Map<String, Long> last = new HashMap<>();
    for (Post post : shown) {
      if (!ids.add(post.id())) {
        violations.add("%s was shown twice: %s".formatted(reader, shown(post)));
      } else if (post.id() < last.getOrDefault(post.author(), -1L)) {
        violations.add("%s was shown out of order: %s".formatted(reader, shown(post)));
      }
      last.merge(post.author(), post.id(), Math::max);
    }
  }

  private void checkSubscriptions() {
    Map<String, List<Post>> streams = history.streams();
    Map<String, List<History.Write>> writes = history.writes();
    Set<String> late = new HashSet<>();
    for (History.Subscription subscription : history.subscriptions()) {
      String reader = subscription.reader();
      List<Post> shown = streams.getOrDefault(reader, List.of());
      if (late.add(reader)) {
        checkOrder(reader, shown);
      }
      Set<Long> ids = shown.stream().map(Post::id).collect(Collectors.toSet());
      Map<Long, Long> begun =
          writes.getOrDefault(subscription.author(), List.of()).stream()
              .collect(Collectors.toMap(History.Write::id, History.Write::begun, (a, b) -> a));
      for (Post post : stored.posts().getOrDefault(subscription.author(), List.of())) {
        Long at = begun.get(post.id());
        if (at != null && at - subscription.since() >= 0 && !ids.contains(post.id())) {
          violations.add(
              "%s followed before, and was never shown: %s".formatted(reader, shown(post)));
        }
      }
    }
  }

  private void checkTimelines() {
    stored
        .timelines()
        .forEach((reader, ids) -> {
          Set<Long> missing = new HashSet<>();
          for (String author : readers.get(reader)) {
            stored.posts().getOrDefault(author, List.of()).forEach(post -> missing.add(post.id()));
          }
          Set<Long> tooMuch = new HashSet<>(ids);
          tooMuch.removeAll(missing);
          missing.removeAll(ids);
          missing.stream()
              .map(id -> "the timeline of %s lacks #%d".formatted(reader, id))
              .forEach(violations::add);
          tooMuch.stream()
              .map(id -> "the timeline of %s has #%d, which is not stored".formatted(reader, id))
              .forEach(violations::add);
        });
  }

  private void checkFollowers() {
    stored
        .following()
        .forEach((user, names) ->
            names.stream()
                .filter(name -> stored.followers().containsKey(name))
                .filter(name -> !stored.followers().get(name).contains(user))
                .map(name -> "%s follows %s, who does not know it".formatted(user, name))
                .forEach(violations::add));
    stored
        .followers()
        .forEach((name, users) ->
            users.stream()
                .filter(user -> stored.following().containsKey(user))
                .filter(user -> !stored.following().get(user).contains(name))
                .map(user -> "%s has a follower %s, who does not follow".formatted(name, user))
                .forEach(violations::add));
  }

  private Set<Long> deleted(Set<String> authors) {
    return authors.stream()
        .flatMap(author -> history.writes().getOrDefault(author, List.of()).stream())
        .filter(write -> write.deleted() != History.Deletion.NONE)
        .map(History.Write::id)
        .collect(Collectors.toSet());
  }

  private void checkFollowing() {
    history
        .follows()
        .forEach((user, known) -> {
          Set<String> following = stored.following().getOrDefault(user, Set.of());
          known.forEach((name, state) -> {
            if (state == History.Following.YES && !following.contains(name)) {
              violations.add("the follow of %s by %s was lost".formatted(name, user));
            }
            if (state == History.Following.NO && following.contains(name)) {
              violations.add("the unfollow of %s by %s was lost".formatted(name, user));
            }
          });
          for (String name : following) {
            if (!known.containsKey(name)) {
              violations.add("%s never followed %s and does".formatted(user, name));
            }
          }
        });
  }

  private static String shown(Post post) {
    return "%s #%d \"%s\"".formatted(post.author(), post.id(), post.text());
  }
}
