package social.starling.bench.failover;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Compares what one author wrote with what is stored. Pure.
 *
 * <ol>
 *   <li>each acknowledged post is there, with its text and the id of the acknowledgement;
 *   <li>no post is there twice, and no refused one, and none that nobody wrote;
 *   <li>posts stand in the order in which they were written, by ascending id.
 * </ol>
 */
final class Checker {

  /** The most violations that are told of one author. */
  static final int MOST = 20;

  /** A post as it was read back. */
  record Stored(long id, String text) {}

  private Checker() {}

  /**
   * Sentences for what is wrong; empty when all is well.
   *
   * @param written in the order of writing
   * @param stored oldest first
   */
  static List<String> violations(String author, List<Write> written, List<Stored> stored) {
    List<String> wrong = new ArrayList<>();
    Map<String, Write> byText = new HashMap<>();
    written.forEach(write -> byText.put(write.text(), write));
    Set<String> seen = new HashSet<>();
    int lastSequence = 0;
    long lastId = 0;
    for (Stored post : stored) {
      Write write = byText.get(post.text());
      if (write == null) {
        wrong.add("%s: post %d was never written".formatted(author, post.id()));
        continue;
      }
      String name = "%s: post %d".formatted(author, write.sequence());
      if (!seen.add(post.text())) {
        wrong.add(name + " is there twice");
        continue;
      }
      if (write.end() == Write.End.REFUSED) {
        wrong.add(name + " was refused and is there");
      }
      if (write.isAcknowledged() && write.id() != post.id()) {
        wrong.add(name + " has id %d, acknowledged was %d".formatted(post.id(), write.id()));
      }
      if (write.sequence() < lastSequence) {
        wrong.add(name + " stands after post " + lastSequence);
      }
      if (Long.compareUnsigned(post.id(), lastId) <= 0) {
        wrong.add(name + " has id %d, the one before it %d".formatted(post.id(), lastId));
      }
      lastSequence = write.sequence();
      lastId = post.id();
    }
    for (Write write : written) {
      if (write.isAcknowledged() && !seen.contains(write.text())) {
        wrong.add("%s: post %d was acknowledged and is lost".formatted(author, write.sequence()));
      }
    }
    return wrong.size() > MOST ? List.copyOf(wrong.subList(0, MOST)) : wrong;
  }

  /** How many acknowledged posts are not there. */
  static long lost(List<Write> written, List<Stored> stored) {
    Set<String> there = new HashSet<>();
    stored.forEach(post -> there.add(post.text()));
    return written.stream()
        .filter(write -> write.isAcknowledged() && !there.contains(write.text()))
        .count();
  }
}
