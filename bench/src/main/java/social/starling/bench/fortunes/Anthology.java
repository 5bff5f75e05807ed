package social.starling.bench.fortunes;

import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import social.starling.common.Limits;

/**
 * The authors and posts of a folder of fortunes: an author for each file, taken from the languages
 * in turn. The same folder and bounds give the same anthology.
 *
 * @param authors who posts what
 * @param tooLong texts of these files that no post can hold
 * @param empty texts that are empty
 * @param beyond texts that the bound for each author left out
 * @param converted files that were not UTF-8
 */
record Anthology(List<Author> authors, int tooLong, int empty, int beyond, int converted) {

  /**
   * An author.
   *
   * @param texts in the order of the file
   */
  record Author(String name, String language, Path file, List<String> texts) {

    Author {
      texts = List.copyOf(texts);
    }
  }

  private static final String ROOT_LANGUAGE = "en";

  Anthology {
    authors = List.copyOf(authors);
  }

  int posts() {
    return authors.stream().mapToInt(author -> author.texts().size()).sum();
  }

  long languages() {
    return authors.stream().map(Author::language).distinct().count();
  }

  /**
   * Reads a folder.
   *
   * @param mostAuthors files taken
   * @param mostTexts taken of each file
   */
  static Anthology read(Path folder, int mostAuthors, int mostTexts) throws IOException {
    Map<String, Deque<Path>> byLanguage = files(folder);
    AuthorNames names = new AuthorNames();
    List<Author> authors = new ArrayList<>();
    int tooLong = 0;
    int empty = 0;
    int beyond = 0;
    int converted = 0;
    Deque<Map.Entry<String, Deque<Path>>> turn = new ArrayDeque<>(byLanguage.entrySet());
    while (!turn.isEmpty() && authors.size() < mostAuthors) {
      Map.Entry<String, Deque<Path>> language = turn.poll();
      Path file = language.getValue().poll();
      if (file == null) {
        continue;
      }
      turn.add(language);
      FortuneFile fortunes = FortuneFile.read(file, language.getKey());
      List<String> texts = new ArrayList<>();
      for (String text : fortunes.texts()) {
        if (text.isEmpty()) {
          empty++;
        } else if (!canBePosted(text)) {
          tooLong++;
        } else if (texts.size() == mostTexts) {
          beyond++;
        } else {
          texts.add(text);
        }
      }
      if (!texts.isEmpty()) {
        converted += fortunes.encoding().name().equals("UTF-8") ? 0 : 1;
        authors.add(
            new Author(
                names.of(language.getKey(), file.getFileName().toString()),
                language.getKey(),
                file,
                texts));
      }
    }
    return new Anthology(authors, tooLong, empty, beyond, converted);
  }

  private static boolean canBePosted(String text) {
    try {
      Limits.checkText(text);
      return true;
    } catch (StatusRuntimeException e) {
      return false;
    }
  }

  /** Files by language; the largest first, as these show the most. */
  private static Map<String, Deque<Path>> files(Path folder) throws IOException {
    Map<String, List<Path>> found = new TreeMap<>();
    try (Stream<Path> all = Files.walk(folder, 2)) {
      all.filter(file -> Files.isRegularFile(file, java.nio.file.LinkOption.NOFOLLOW_LINKS))
          .filter(Anthology::isFortunes)
          .forEach(file -> {
            Path parent = folder.relativize(file).getParent();
            String language = parent == null ? ROOT_LANGUAGE : parent.toString();
            found.computeIfAbsent(language, key -> new ArrayList<>()).add(file);
          });
    }
    Map<String, Deque<Path>> sorted = new TreeMap<>();
    found.forEach((language, files) -> {
      files.sort(
          java.util.Comparator.<Path>comparingLong(file -> -file.toFile().length())
              .thenComparing(Path::toString));
      sorted.put(language, new ArrayDeque<>(files));
    });
    return sorted;
  }

  // Beside each file stand its index (.dat), and a mark or a second name (.u8).
  private static boolean isFortunes(Path file) {
    String name = file.getFileName().toString();
    return !name.endsWith(".dat") && !name.endsWith(".u8") && !name.endsWith("-pre");
  }
}
