package social.starling.torture.planted;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import social.starling.torture.check.Checker;

/** What is planted still fits the sources, so that it can be run at any time. */
class PlantedBugsTest {

  private static final Path MODULE = Path.of("").toAbsolutePath();
  private static final Path ROOT = MODULE.getParent().getParent();

  @TempDir Path work;

  @TestFactory
  Stream<DynamicTest> everyBugAppliesAndCompiles() throws IOException {
    Compilation compilation = new Compilation(ROOT, System.getProperty("java.class.path"));
    return PlantedBug.all(MODULE.resolve("src/planted")).stream()
        .map(bug ->
            DynamicTest.dynamicTest(
                bug.name(),
                () ->
                    assertThat(compilation.compile(bug, work.resolve(bug.name())))
                        .isNotEmpty()
                        .allSatisfy((_, folder) -> assertThat(folder).isNotEmptyDirectory())));
  }

  @Test
  void everyBugNamesCheckersThatThereAre() throws IOException {
    Set<String> known = new TreeSet<>(Checker.names());
    known.add("comes back");
    assertThat(PlantedBug.all(MODULE.resolve("src/planted")))
        .isNotEmpty()
        .allSatisfy(bug -> assertThat(known).containsAll(bug.caughtBy()));
  }

  @Test
  void aHunkFindsItsPlaceWhenLinesWereAddedAbove() throws IOException {
    List<String> lines = new ArrayList<>(List.of("new", "new", "one", "two", "three"));
    Files.write(work.resolve("file"), lines);

    diff("@@ -1,3 +1,3 @@", " one", "-two", "+zwei", " three").apply(work, work.resolve("out"));

    assertThat(work.resolve("out/file")).hasContent("new\nnew\none\nzwei\nthree");
  }

  @Test
  void aHunkWhoseLinesAreGoneIsRefused() throws IOException {
    Files.write(work.resolve("file"), List.of("one", "deux", "three"));

    assertThatThrownBy(() ->
            diff("@@ -1,3 +1,3 @@", " one", "-two", "+zwei", " three")
                .apply(work, work.resolve("out")))
        .isInstanceOf(Diff.UnfitException.class)
        .hasMessageContaining("has changed");
  }

  private static Diff diff(String... hunk) {
    List<String> lines = new ArrayList<>(List.of("--- a/file", "+++ b/file"));
    lines.addAll(List.of(hunk));
    return Diff.parse(lines);
  }
}
