import com.google.googlejavaformat.java.Formatter;
import com.google.googlejavaformat.java.FormatterException;
import com.google.googlejavaformat.java.ImportOrderer;
import com.google.googlejavaformat.java.JavaFormatterOptions;
import com.google.googlejavaformat.java.RemoveUnusedImports;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * Formats all Java sources of the project with google-java-format, or with {@code --check} names
 * those that are not formatted and fails. The build runs the check; {@code mvn -Pformat initialize
 * -N} formats.
 */
void main(String[] args) throws IOException, FormatterException {
  boolean check = List.of(args).contains("--check");
  Formatter formatter = new Formatter(JavaFormatterOptions.defaultOptions());
  List<Path> different = new ArrayList<>();
  try (Stream<Path> files = Files.walk(Path.of(""))) {
    for (Path file : files.filter(this::isOurs).sorted().toList()) {
      String before = Files.readString(file);
      String after =
          formatter.formatSource(
              ImportOrderer.reorderImports(
                  RemoveUnusedImports.removeUnusedImports(before),
                  JavaFormatterOptions.Style.GOOGLE));
      if (!after.equals(before)) {
        different.add(file);
        if (!check) {
          Files.writeString(file, after);
        }
      }
    }
  }
  if (check && !different.isEmpty()) {
    different.forEach(file -> System.err.println("not formatted: " + file));
    System.err.println("format them with: mvn -q -N -Pformat initialize");
    System.exit(1);
  }
}

boolean isOurs(Path file) {
  String path = file.toString();
  return path.endsWith(".java") && !path.contains("target") && path.contains("src/");
}
