package social.starling.client.cli;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import social.starling.common.AtomicFile;
import social.starling.common.ClusterName;
import social.starling.common.ExitCode;
import social.starling.common.StartException;

/**
 * Which clusters a directory of {@code starling up} should have: a name a line in {@code
 * DIR/wanted-clusters}. {@code starling admin add-cluster} and {@code forget-cluster} write it, a
 * running launcher makes it so, and otherwise the next one does. Without the file it is whatever
 * clusters there are. A reader sees the file as it was before a change or after it.
 */
public final class WantedClusters {

  private static final String FILE = "wanted-clusters";

  private WantedClusters() {}

  /**
   * What is wanted; empty when nobody has said it.
   *
   * @throws StartException when the file cannot be read, or says something else
   */
  public static Optional<List<String>> read(Path directory) {
    Path file = directory.resolve(FILE);
    try {
      List<String> names =
          Files.readString(file).lines().map(String::strip).filter(n -> !n.isEmpty()).toList();
      if (names.isEmpty() || !names.stream().allMatch(ClusterName::isOne)) {
        throw unusable(file, "it should hold the name of a cluster a line", null);
      }
      return Optional.of(names);
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (IOException e) {
      throw unusable(file, e.getMessage(), e);
    }
  }

  /**
   * Changes what is wanted; durable when this returns. Two who change it at once wait for each
   * other.
   *
   * @param present the clusters that there are, wanted until somebody says otherwise
   */
  static void change(Path directory, List<String> present, UnaryOperator<List<String>> change) {
    Path file = directory.resolve(FILE);
    try (FileChannel guard =
            FileChannel.open(
                directory.resolve(FILE + ".lock"),
                StandardOpenOption.CREATE,
                StandardOpenOption.WRITE);
        FileLock lock = guard.lock()) {
      List<String> changed = change.apply(read(directory).orElse(present));
      if (lock.isValid()) {
        AtomicFile.replace(file, String.join("\n", changed) + "\n");
      }
    } catch (IOException e) {
      throw unusable(file, e.getMessage(), e);
    }
  }

  private static StartException unusable(Path file, String why, Exception cause) {
    return new StartException(ExitCode.FAILED, file + " cannot be used: " + why, cause);
  }
}
