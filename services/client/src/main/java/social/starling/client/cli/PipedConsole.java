package social.starling.client.cli;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;

/** Input from a pipe or file: no prompt, no echo; lines of UTF-8 up to 64 KiB. */
final class PipedConsole implements Console {

  private static final int MAX_LINE = 64 * 1024;

  private final InputStream in;
  private final Io io;

  PipedConsole(Io io) {
    this.in = new BufferedInputStream(io.in());
    this.io = io;
  }

  @Override
  public Entry read(String prompt) {
    try {
      return read();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void print(String lines) {
    io.out().lineNow(lines);
  }

  @Override
  public void printPost(String lines) {
    print(lines);
  }

  @Override
  public void notice(String line) {
    io.err().lineNow(line);
  }

  @Override
  public boolean terminal() {
    return false;
  }

  @Override
  public void close() {
    io.out().flush();
  }

  private Entry read() throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    boolean tooLong = false;
    int c = in.read();
    if (c < 0) {
      return new Entry.End();
    }
    while (c >= 0 && c != '\n') {
      if (line.size() < MAX_LINE) {
        line.write(c);
      } else {
        tooLong = true;
      }
      c = in.read();
    }
    if (tooLong) {
      return new Entry.Unusable("the line is longer than 64 KiB; shorten it");
    }
    byte[] bytes = line.toByteArray();
    int length =
        bytes.length > 0 && bytes[bytes.length - 1] == '\r' ? bytes.length - 1 : bytes.length;
    try {
      return new Entry.Line(Input.decode(bytes, length));
    } catch (InputException e) {
      return new Entry.Unusable(e.getMessage());
    }
  }
}
