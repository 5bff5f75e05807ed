package social.starling.torture.planted;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A unified diff of files that are there before and after. A hunk applies at the place nearest to
 * the one that it names where all its old lines stand.
 *
 * @param files hunks by path, as they follow in the file
 */
record Diff(Map<String, List<Hunk>> files) {

  private static final Pattern PLACE = Pattern.compile("@@ -(\\d+)(?:,\\d+)? \\+\\d+(?:,\\d+)? @@.*");

  /**
   * One change of a file.
   *
   * @param line number of the first old line, from 1
   * @param before the old lines
   * @param after the new lines
   */
  record Hunk(int line, List<String> before, List<String> after) {}

  /** A diff that cannot be read, or that does not fit what it is applied to. */
  static final class UnfitException extends RuntimeException {
    private static final long serialVersionUID = 1;

    UnfitException(String sentence) {
      super(sentence);
    }
  }

  /**
   * Reads a diff; paths lose their first part, {@code a/} or {@code b/}.
   *
   * @throws UnfitException when a line is none of a unified diff
   */
  static Diff parse(List<String> lines) {
    Map<String, List<Hunk>> files = new LinkedHashMap<>();
    List<Hunk> hunks = null;
    Hunk hunk = null;
    for (String line : lines) {
      Matcher place = PLACE.matcher(line);
      if (line.startsWith("--- ")) {
        hunks = null;
      } else if (line.startsWith("+++ ") && hunks == null) {
        hunks = files.computeIfAbsent(line.substring(6), _ -> new ArrayList<>());
        hunk = null;
      } else if (hunks != null && place.matches()) {
        hunk = new Hunk(Integer.parseInt(place.group(1)), new ArrayList<>(), new ArrayList<>());
        hunks.add(hunk);
      } else if (hunk == null) {
        throw new UnfitException("this belongs to no hunk: " + line);
      } else {
        take(hunk, line);
      }
    }
    if (files.values().stream().anyMatch(List::isEmpty) || files.isEmpty()) {
      throw new UnfitException("it changes nothing");
    }
    return new Diff(files);
  }

  private static void take(Hunk hunk, String line) {
    // Some editors take the only blank away from an empty line of context.
    char kind = line.isEmpty() ? ' ' : line.charAt(0);
    String text = line.isEmpty() ? "" : line.substring(1);
    switch (kind) {
      case ' ' -> {
        hunk.before.add(text);
        hunk.after.add(text);
      }
      case '-' -> hunk.before.add(text);
      case '+' -> hunk.after.add(text);
      default -> throw new UnfitException("this is no line of a hunk: " + line);
    }
  }

  /**
   * Writes the changed files below another folder.
   *
   * @param root of the unchanged files
   * @return the paths of the changed ones, relative to both
   * @throws UnfitException when a hunk has no place
   */
  List<Path> apply(Path root, Path target) throws IOException {
    List<Path> changed = new ArrayList<>();
    for (Map.Entry<String, List<Hunk>> file : files.entrySet()) {
      Path source = root.resolve(file.getKey());
      if (!Files.isRegularFile(source)) {
        throw new UnfitException("there is no " + source);
      }
      Path written = target.resolve(file.getKey());
      Files.createDirectories(written.getParent());
      Files.write(written, changed(file.getKey(), Files.readAllLines(source)));
      changed.add(Path.of(file.getKey()));
    }
    return changed;
  }

  private List<String> changed(String name, List<String> lines) {
    List<String> result = new ArrayList<>(lines);
    int moved = 0;
    for (Hunk hunk : files.get(name)) {
      int expected = hunk.line - 1 + moved;
      int at = nearest(result, hunk.before, expected);
      if (at < 0) {
        throw new UnfitException(
            "%s has changed: the lines from \"%s\" (line %d of the diff) are not there any more"
                .formatted(name, hunk.before.getFirst().strip(), hunk.line));
      }
      result.subList(at, at + hunk.before.size()).clear();
      result.addAll(at, hunk.after);
      moved += at - expected + hunk.after.size() - hunk.before.size();
    }
    return result;
  }

  private static int nearest(List<String> lines, List<String> wanted, int expected) {
    int best = -1;
    for (int at = 0; at + wanted.size() <= lines.size(); at++) {
      boolean nearer = best < 0 || Math.abs(at - expected) < Math.abs(best - expected);
      if (nearer && lines.subList(at, at + wanted.size()).equals(wanted)) {
        best = at;
      }
    }
    return best;
  }
}
