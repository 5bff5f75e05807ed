package social.starling.bench.peer;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Finds installed programs. Stateless. */
public final class Programs {

  private Programs() {}

  /** A program in PATH, or in one of the folders. */
  public static Optional<Path> find(String name, List<Path> folders) {
    List<Path> all = new ArrayList<>(folders);
    for (String folder : System.getenv().getOrDefault("PATH", "").split(File.pathSeparator)) {
      all.add(Path.of(folder));
    }
    return all.stream().map(folder -> folder.resolve(name)).filter(Files::isExecutable).findFirst();
  }

  /**
   * The folders of a versioned installation, as {@code /usr/lib/postgresql/15/bin}: newest first.
   */
  public static List<Path> versions(Path parent, String within) {
    try (Stream<Path> folders = Files.list(parent)) {
      return folders
          .sorted(Comparator.comparingInt(Programs::version).reversed())
          .map(folder -> folder.resolve(within))
          .filter(Files::isDirectory)
          .toList();
    } catch (IOException e) {
      return List.of();
    }
  }

  private static int version(Path folder) {
    String digits = folder.getFileName().toString().replaceAll("\\D.*", "");
    return digits.isEmpty() || digits.length() > 6 ? 0 : Integer.parseInt(digits);
  }
}
