package social.starling.launcher;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Environment variables for one process, a {@code KEY=VALUE} a line; empty lines and those that
 * begin with {@code #} say nothing. For tests that run the processes in surroundings of their own.
 *
 * @param path the file, which most directories do not have
 */
record EnvironmentFile(Path path) {

  /**
   * Reads it; a file that is not there is an empty one.
   *
   * @throws IOException when it cannot be read, or a line of it is something else
   */
  Map<String, String> read() throws IOException {
    List<String> lines;
    try {
      lines = Files.readAllLines(path);
    } catch (NoSuchFileException e) {
      return Map.of();
    }
    Map<String, String> variables = new LinkedHashMap<>();
    for (int i = 0; i < lines.size(); i++) {
      String line = lines.get(i).strip();
      if (line.isEmpty() || line.startsWith("#")) {
        continue;
      }
      int equals = line.indexOf('=');
      if (equals < 1) {
        throw new IOException("line %d of %s is not KEY=VALUE".formatted(i + 1, path));
      }
      variables.put(line.substring(0, equals), line.substring(equals + 1));
    }
    return variables;
  }
}
