package social.starling.server.state;

import com.google.protobuf.ByteString;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.zip.CRC32C;

/**
 * The records of a post file, as a person reads them:
 *
 * <pre>
 * T 2026-11-21T22:50:01.123Z
 * I 250030015897407488
 * U alice
 * W first line
 * W second line
 *
 * D 250030015897407488
 *
 * </pre>
 *
 * <p>A text is cut at each line feed (and at nothing else) and every piece stands after {@code W }
 * in a line of its own; joined with line feeds the pieces are the text, byte for byte, also when it
 * ends with line feeds or holds carriage returns, other control characters or U+2028. The empty
 * line ends a record: no other line is empty. The bytes depend on the entry only.
 */
public final class PostRecord {

  /**
   * How the line of a time begins.
   *
   * @param second since 1970-01-01Z
   */
  private record Second(long second, String line) {}

  /** Most records are of the same second as the one before. */
  private static volatile Second lastSecond;

  private PostRecord() {}

  /**
   * What a record says.
   *
   * @param timeMillis milliseconds since 1970-01-01Z
   * @param id of the post
   * @param author as registered
   * @param text in UTF-8
   */
  public record Content(long timeMillis, long id, String author, ByteString text) {}

  /**
   * The record of a post.
   *
   * @param timeMillis milliseconds since 1970-01-01Z, in the years 1970 to 9999
   * @param author as registered
   * @param text in UTF-8
   */
  public static byte[] post(long timeMillis, long id, String author, byte[] text) {
    byte[] head =
        (time(timeMillis) + "I " + id + "\nU " + author + "\n").getBytes(StandardCharsets.US_ASCII);
    int lines = 1;
    for (byte b : text) {
      if (b == '\n') {
        lines++;
      }
    }
    // Each line costs "W " and its line feed, of which the text brings all but the last.
    byte[] record = new byte[head.length + text.length + 2 * lines + 2];
    System.arraycopy(head, 0, record, 0, head.length);
    int at = head.length;
    record[at++] = 'W';
    record[at++] = ' ';
    for (byte b : text) {
      record[at++] = b;
      if (b == '\n') {
        record[at++] = 'W';
        record[at++] = ' ';
      }
    }
    record[at++] = '\n';
    record[at] = '\n';
    return record;
  }

  /** The record that says that a post was deleted. */
  public static byte[] deletion(long id) {
    return ("D " + id + "\n\n").getBytes(StandardCharsets.US_ASCII);
  }

  /** CRC-32C of a record. */
  public static int crc(byte[] record) {
    CRC32C crc = new CRC32C();
    crc.update(record, 0, record.length);
    return (int) crc.getValue();
  }

  /**
   * Reads a post's record.
   *
   * @throws IllegalArgumentException it is none
   */
  public static Content parse(byte[] record) {
    try {
      Cursor cursor = new Cursor(record);
      long time = Instant.parse(cursor.line('T')).toEpochMilli();
      long id = Long.parseLong(cursor.line('I'));
      String author = cursor.line('U');
      return new Content(time, id, author, cursor.text());
    } catch (RuntimeException e) {
      throw new IllegalArgumentException("not a post's record", e);
    }
  }

  private static String time(long millis) {
    long second = Math.floorDiv(millis, 1000);
    Second shown = lastSecond;
    if (shown == null || shown.second != second) {
      String iso = Instant.ofEpochSecond(second).toString();
      shown = new Second(second, "T " + iso.substring(0, iso.length() - 1) + ".");
      lastSecond = shown;
    }
    int rest = Math.floorMod(millis, 1000);
    char[] fraction = {
      (char) ('0' + rest / 100), (char) ('0' + rest / 10 % 10), (char) ('0' + rest % 10)
    };
    return shown.line + String.valueOf(fraction) + "Z\n";
  }

  private static final class Cursor {
    private final byte[] record;
    private int at;

    Cursor(byte[] record) {
      this.record = record;
    }

    String line(char kind) {
      int end = end(kind);
      String line = new String(record, at + 2, end - at - 2, StandardCharsets.US_ASCII);
      at = end + 1;
      return line;
    }

    ByteString text() {
      ByteArrayOutputStream text = new ByteArrayOutputStream(record.length);
      boolean first = true;
      do {
        int end = end('W');
        if (!first) {
          text.write('\n');
        }
        text.write(record, at + 2, end - at - 2);
        at = end + 1;
        first = false;
      } while (record[at] != '\n');
      if (at != record.length - 1) {
        throw new IllegalArgumentException("something follows the empty line");
      }
      return ByteString.copyFrom(text.toByteArray());
    }

    private int end(char kind) {
      if (record[at] != kind || record[at + 1] != ' ') {
        throw new IllegalArgumentException("no line " + kind);
      }
      int end = at + 2;
      while (record[end] != '\n') {
        end++;
      }
      return end;
    }
  }
}
