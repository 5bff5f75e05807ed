package social.starling.launcher.system;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
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
   * @param begun when the call was made, as nanoTime
   * @param id id of the post, when the write was acknowledged
   * @param deleted what is known of the deletion of the post
   */
  record Write(String text, long begun, Outcome outcome, long id, Deletion deleted) {

    Write withDeleted(Deletion changed) {
      return new Write(text, begun, outcome, id, changed);
    }
  }

  /**
   * Someone who follows an author from some moment on, and reads a stream all the time.
   *
   * @param since when the follow was acknowledged, as nanoTime
   */
  record Subscription(String reader, String author, long since) {}

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
  private final List<Subscription> subscriptions = new ArrayList<>();
  private final Map<String, List<Post>> streams = new TreeMap<>();
  private final Map<String, Map<Long, Long>> seenAt = new HashMap<>();
  private final Map<String, Long> newestAcknowledged = new HashMap<>();
  private final List<String> staleReads = new ArrayList<>();

  synchronized void posted(String author, String text, long begun, Post answer) {
    writesOf(author).add(new Write(text, begun, Outcome.ACKNOWLEDGED, answer.id(), Deletion.NONE));
    newestAcknowledged.put(author, answer.id());
  }

  synchronized void postUnknown(String author, String text, long begun) {
    writesOf(author).add(new Write(text, begun, Outcome.UNKNOWN, 0, Deletion.NONE));
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

  synchronized void subscribed(String reader, String author, long since) {
    subscriptions.add(new Subscription(reader, author, since));
  }

  synchronized void seen(String reader, Post post) {
    streams.computeIfAbsent(reader, missing -> new ArrayList<>()).add(post);
    seenAt
        .computeIfAbsent(reader, missing -> new HashMap<>())
        .putIfAbsent(post.id(), System.nanoTime());
  }

  synchronized boolean hasSeen(String reader, long id) {
    return seenAt.getOrDefault(reader, Map.of()).containsKey(id);
  }

  /** When the reader saw the first of an author's posts that began after a moment; as nanoTime. */
  synchronized OptionalLong firstSeen(String reader, String author, long since) {
    Map<Long, Long> seen = seenAt.getOrDefault(reader, Map.of());
    return writesOf(author).reversed().stream()
        .takeWhile(write -> write.begun() - since >= 0)
        .filter(write -> seen.containsKey(write.id()))
        .mapToLong(write -> seen.get(write.id()))
        .min();
  }

  synchronized List<Subscription> subscriptions() {
    return List.copyOf(subscriptions);
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
