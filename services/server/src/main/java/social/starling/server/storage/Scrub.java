package social.starling.server.storage;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.NoSuchFileException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Locale;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.zip.CRC32C;
import social.starling.server.state.DamagedException;
import social.starling.server.state.PostPlace;
import social.starling.server.state.PostRecord;
import social.starling.server.state.State;

/**
 * Reads every record once, so that what was altered while nobody looked is found before somebody
 * wants it. What is wrong is written again from the journal, or told as damage. Slow on purpose: it
 * runs beside everything else.
 */
final class Scrub {

  private static final int WINDOW_BYTES = 256 << 10;

  private final Content content;
  private final BooleanSupplier stopped;

  /** Nanoseconds to rest for each byte read. */
  private final double restPerByte;

  private double rest;

  /**
   * @param bytesPerSecond read at most so fast; 0 for no bound
   */
  Scrub(Content content, long bytesPerSecond, BooleanSupplier stopped) {
    this.content = content;
    this.stopped = stopped;
    this.restPerByte = bytesPerSecond == 0 ? 0 : 1e9 / bytesPerSecond;
  }

  void run() throws SQLException, IOException {
    deletions();
    ByteBuffer window = ByteBuffer.allocate(WINDOW_BYTES);
    long upTo = content.written;
    State.RecordVisitor visitor = new Window(window)::check;
    content.state.records(upTo, place -> !stopped.getAsBoolean() && visitor.visit(place));
  }

  private void deletions() throws SQLException, IOException {
    try (Connection connection = Sql.openReadOnly(content.database);
        Statement select = connection.createStatement();
        ResultSet row =
            select.executeQuery(
                "SELECT u.name, d.offset, p.id FROM deletions d JOIN posts p ON p.no = d.post"
                    + " JOIN users u ON u.no = p.author")) {
      while (row.next() && !stopped.getAsBoolean()) {
        String author = row.getString(1).toLowerCase(Locale.ROOT);
        byte[] record = PostRecord.deletion(row.getLong(3));
        ByteBuffer found = ByteBuffer.allocate(record.length);
        read(author, row.getLong(2), found);
        if (!found.flip().equals(ByteBuffer.wrap(record))) {
          content.records.rewrite(author, row.getLong(2), record);
        }
        pace(record.length);
      }
    }
  }

  private int read(String author, long offset, ByteBuffer bytes) throws IOException {
    try {
      return content.files.read(author, offset, bytes);
    } catch (NoSuchFileException e) {
      return 0;
    }
  }

  private void pace(int bytes) {
    rest += bytes * restPerByte;
    if (rest > 1e6) {
      LockSupport.parkNanos((long) rest);
      rest = 0;
    }
  }

  /** Part of a file. */
  private final class Window {
    private final ByteBuffer bytes;
    private String author = "";
    private long from;

    Window(ByteBuffer bytes) {
      this.bytes = bytes;
    }

    boolean check(PostPlace place) {
      try {
        if (!author.equals(place.author())
            || place.offset() < from
            || place.offset() + place.length() > from + bytes.limit()) {
          author = place.author();
          from = place.offset();
          read(author, from, bytes.clear());
          pace(bytes.flip().limit());
        }
      } catch (IOException e) {
        content.records.damaged("%s cannot be read: %s".formatted(PostFiles.relative(author), e));
        return true;
      }
      if (!holds(place)) {
        repair(place);
      }
      return true;
    }

    private boolean holds(PostPlace place) {
      int at = (int) (place.offset() - from);
      if (at + place.length() > bytes.limit()) {
        return false;
      }
      CRC32C crc = new CRC32C();
      crc.update(bytes.array(), at, place.length());
      return (int) crc.getValue() == place.crc();
    }

    private void repair(PostPlace place) {
      try {
        content.records.read(place);
      } catch (DamagedException e) {
        // It has been told.
        return;
      }
    }
  }
}
