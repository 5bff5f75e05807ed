package social.starling.launcher.system;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import social.starling.client.Post;

/**
 * What clients did and what they were told, in the order of each client. Thread-safe: guarded by
 * this object.
 */
final class History {

  /**
   * What a client knows of one write.
   *
   * @param text what was posted
   * @param id id of the post, when the write was acknowledged
   * @param deleted what is known of the deletion of the post
   */
  record Write(String text, Outcome outcome, long id, Deletion deleted) {

    Write withDeleted(Deletion changed) {
      return new Write(text, outcome, id, changed);
    }
  }

  enum Outcome {
    ACKNOWLEDGED,
    UNKNOWN
  }

  enum Deletion {
    NONE,
    ACKNOWLEDGED,
    UNKNOWN
  }

  /** What is known of one following another. */
  enum Following {
    YES,
    NO,
    UNKNOWN
  }

  private final Map<String, List<Write>> writes = new TreeMap<>();
  private final Map<String, Map<String, Following>> follows = new TreeMap<>();
  private final Map<String, List<Post>> streams = new TreeMap<>();
  private final Map<String, Long> newestAcknowledged = new HashMap<>();
  private final List<String> staleReads = new ArrayList<>();

  synchronized void posted(String author, String text, Post answer) {
    writesOf(author).add(new Write(text, Outcome.ACKNOWLEDGED, answer.id(), Deletion.NONE));
    newestAcknowledged.put(author, answer.id());
  }

  synchronized void postUnknown(String author, String text) {
    writesOf(author).add(new Write(text, Outcome.UNKNOWN, 0, Deletion.NONE));
  }

  synchronized void deleted(String author, long id, Deletion outcome) {
    writesOf(author)
        .replaceAll(write ->
            write.outcome() == Outcome.ACKNOWLEDGED && write.id() == id
                ? write.withDeleted(outcome)
                : write);
  }

  synchronized void followed(String user, String name, Following state) {
    follows.computeIfAbsent(user, missing -> new TreeMap<>()).put(name, state);
  }

  synchronized void seen(String reader, Post post) {
    streams.computeIfAbsent(reader, missing -> new ArrayList<>()).add(post);
  }

  synchronized boolean hasSeen(String reader, long id) {
    List<Post> posts = streams.getOrDefault(reader, List.of());
    return !posts.isEmpty() && posts.stream().anyMatch(post -> post.id() == id);
  }

  synchronized void staleRead(String sentence) {
    staleReads.add(sentence);
  }

  /** Id of the author's newest acknowledged post; 0 when there is none. */
  synchronized long newestAcknowledged(String author) {
    return newestAcknowledged.getOrDefault(author, 0L);
  }

  synchronized Map<String, List<Write>> writes() {
    Map<String, List<Write>> copy = new TreeMap<>();
    writes.forEach((author, list) -> copy.put(author, List.copyOf(list)));
    return copy;
  }

  synchronized Map<String, Map<String, Following>> follows() {
    Map<String, Map<String, Following>> copy = new TreeMap<>();
    follows.forEach((user, known) -> copy.put(user, Map.copyOf(known)));
    return copy;
  }

  synchronized Map<String, List<Post>> streams() {
    Map<String, List<Post>> copy = new TreeMap<>();
    streams.forEach((reader, posts) -> copy.put(reader, List.copyOf(posts)));
    return copy;
  }

  synchronized List<String> staleReads() {
    return List.copyOf(staleReads);
  }

  private List<Write> writesOf(String author) {
    return writes.computeIfAbsent(author, missing -> new ArrayList<>());
  }
}
