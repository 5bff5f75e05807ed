package social.starling.replication;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * The files under {@code scenarios}: a comment says what happens, a command does it, what came of
 * it stands below. {@code -Drewrite} writes what comes of it now into the files, to be read in the
 * diff.
 */
class ScenarioTest {

  private static final Path FOLDER =
      Path.of(System.getProperty("basedir", "."), "src", "test", "resources", "scenarios");

  @TestFactory
  Stream<DynamicTest> everyScenarioGoesAsItIsWritten() throws IOException {
    List<Path> files;
    try (Stream<Path> found = Files.list(FOLDER)) {
      files = found.filter(each -> each.toString().endsWith(".txt")).sorted().toList();
    }
    assertThat(files).isNotEmpty();
    return files.stream()
        .map(file ->
            DynamicTest.dynamicTest(file.getFileName().toString(), file.toUri(), () -> play(file)));
  }

  private static void play(Path file) throws IOException {
    List<String> lines = Files.readAllLines(file);
    List<String> played = new ArrayList<>();
    ScenarioCluster cluster = new ScenarioCluster();
    int at = 0;
    while (at < lines.size()) {
      String line = lines.get(at++);
      if (line.isBlank() || line.startsWith("#")) {
        played.add(line);
        continue;
      }
      StringBuilder result = new StringBuilder();
      played.add(line);
      result.append(cluster.execute(line.strip()));
      while (at < lines.size() && !lines.get(at).isBlank() && !lines.get(at).equals("----")) {
        played.add(lines.get(at));
        result.append(cluster.execute(lines.get(at++).strip()));
      }
      if (at < lines.size() && lines.get(at).equals("----")) {
        at++;
      }
      while (at < lines.size() && !lines.get(at).isBlank()) {
        at++;
      }
      played.add("----");
      String output = result.toString().replaceAll("(?m)^ok\\n", "");
      played.addAll((output.isEmpty() ? "ok\n" : output).lines().toList());
    }
    if (System.getProperty("rewrite") != null) {
      Files.write(file, played);
    }
    assertThat(played).containsExactlyElementsOf(lines);
  }
}
