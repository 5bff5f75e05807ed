package social.starling.client.cli;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/** Lines of UTF-8 whatever the locale is. Thread-safe. */
final class LineOutput {

  private final OutputStream out;

  LineOutput(OutputStream out) {
    this.out = new BufferedOutputStream(out, 8192);
  }

  /** Writes a line; it may wait in the buffer. */
  synchronized void line(String text) {
    try {
      out.write(text.getBytes(StandardCharsets.UTF_8));
      out.write('\n');
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Writes a line and everything before it. */
  synchronized void lineNow(String text) {
    line(text);
    flush();
  }

  /** Writes a piece of a line at once. */
  synchronized void raw(String text) {
    try {
      out.write(text.getBytes(StandardCharsets.UTF_8));
      out.flush();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  synchronized void flush() {
    try {
      out.flush();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The same output for those who print with a writer; each line is written at once. */
  PrintWriter writer() {
    return new PrintWriter(new OutputStreamWriter(out, StandardCharsets.UTF_8), true);
  }
}
