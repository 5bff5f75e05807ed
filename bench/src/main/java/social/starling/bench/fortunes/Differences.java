package social.starling.bench.fortunes;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Compares posts with their source. Pure. */
final class Differences {

  private Differences() {}

  /**
   * Sentences for what differs; empty when nothing does.
   *
   * @param posts texts by author, oldest first
   */
  static List<String> between(Anthology source, Map<String, List<String>> posts) {
    List<String> differences = new ArrayList<>();
    Set<String> unknown = new HashSet<>(posts.keySet());
    for (Anthology.Author author : source.authors()) {
      unknown.remove(author.name());
      compare(author, posts.getOrDefault(author.name(), List.of()), differences);
    }
    unknown.stream()
        .sorted()
        .forEach(name -> differences.add(name + ": is no author of the source"));
    return differences;
  }

  private static void compare(Anthology.Author author, List<String> posts, List<String> to) {
    if (posts.size() != author.texts().size()) {
      to.add(
          "%s: %d posts, the source has %d"
              .formatted(author.name(), posts.size(), author.texts().size()));
    }
    for (int i = 0; i < Math.min(posts.size(), author.texts().size()); i++) {
      if (!Arrays.equals(bytes(posts.get(i)), bytes(author.texts().get(i)))) {
        // What follows is shifted by one that is missing or twice: only the first is told.
        to.add(
            "%s: post %d differs from the one in %s"
                .formatted(author.name(), i + 1, author.file()));
        return;
      }
    }
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
