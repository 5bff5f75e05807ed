package social.starling.client.cli;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * Turns the order of pages round: they come newest first, and are wanted oldest first. Only the
 * first page stays in memory, the others wait in a temporary file. One thread.
 */
final class PageSpool implements AutoCloseable {

  private final List<Long> starts = new ArrayList<>();
  private List<String> first;
  private Path path;
  private RandomAccessFile file;

  /** Takes the next older page: lines without a line break in them, in the order wanted. */
  void add(List<String> lines) {
    if (first == null) {
      first = List.copyOf(lines);
      return;
    }
    try {
      if (file == null) {
        path = Files.createTempFile("starling-export-", ".jsonl");
        file = new RandomAccessFile(path.toFile(), "rw");
      }
      starts.add(file.length());
      file.seek(file.length());
      file.write((String.join("\n", lines)).getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Gives all lines, those of the page taken last first. */
  void forEach(Consumer<String> reader) {
    try {
      long end = file == null ? 0 : file.length();
      for (long start : starts.reversed()) {
        byte[] page = new byte[Math.toIntExact(end - start)];
        file.seek(start);
        file.readFully(page);
        for (String line : new String(page, StandardCharsets.UTF_8).split("\n")) {
          reader.accept(line);
        }
        end = start;
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    if (first != null) {
      first.forEach(reader);
    }
  }

  @Override
  public void close() {
    try {
      if (file != null) {
        file.close();
        Files.deleteIfExists(path);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
