package social.starling.torture.planted;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * A bug that can be planted: a file {@code NAME.patch} that begins with what it is about.
 *
 * @param name as its file
 * @param wrong what is wrong with it
 * @param breaks which promise of docs/guarantees.md
 * @param torture arguments of the run that provokes it
 * @param seed of a run in which the faults that it takes come early
 * @param caughtBy checkers one of which should see it
 * @param how how it comes to light
 */
record PlantedBug(
    String name,
    String wrong,
    String breaks,
    List<String> torture,
    long seed,
    List<String> caughtBy,
    String how,
    Diff diff) {

  private static final String SUFFIX = ".patch";

  /** All of a folder, by name. */
  static List<PlantedBug> all(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .filter(file -> file.toString().endsWith(SUFFIX))
          .sorted()
          .map(PlantedBug::read)
          .toList();
    }
  }

  /**
   * One file.
   *
   * @throws Diff.UnfitException when something is missing in it
   */
  static PlantedBug read(Path file) {
    String name = file.getFileName().toString().replace(SUFFIX, "");
    try {
      List<String> lines = Files.readAllLines(file);
      int header = lines.indexOf("");
      if (header < 0) {
        throw new Diff.UnfitException(file + " has no empty line after its header");
      }
      Map<String, String> said = header(lines.subList(0, header));
      return new PlantedBug(
          name,
          of(said, "Wrong", file),
          of(said, "Breaks", file),
          List.of(of(said, "Torture", file).split("\\s+")),
          Long.parseLong(of(said, "Seed", file)),
          List.of(of(said, "Caught-by", file).split(",\\s*")),
          of(said, "How", file),
          Diff.parse(lines.subList(header + 1, lines.size())));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Map<String, String> header(List<String> lines) {
    Map<String, String> said = new LinkedHashMap<>();
    String key = "";
    for (String line : lines) {
      if (line.startsWith("#   ")) {
        said.merge(key, line.substring(4), (before, more) -> before + " " + more);
      } else {
        int colon = line.indexOf(": ");
        key = line.substring(2, colon);
        said.put(key, line.substring(colon + 2));
      }
    }
    return said;
  }

  private static String of(Map<String, String> said, String key, Path file) {
    String text = said.get(key);
    if (text == null) {
      throw new Diff.UnfitException("%s does not say \"# %s: …\"".formatted(file, key));
    }
    return text;
  }
}
