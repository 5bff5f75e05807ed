package social.starling.server.storage;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.zip.CRC32C;
import social.starling.replication.Entry;
import social.starling.replication.RequestId;

/** Entries as rows, each with a checksum, since the journal is the truth. */
final class JournalRows {

  static final String COLUMNS = "idx, epoch, client, sequence, time, id, request, crc";
  static final String INSERT = "INSERT INTO journal VALUES (?, ?, ?, ?, ?, ?, ?, ?)";

  private JournalRows() {}

  static void bind(PreparedStatement insert, Entry entry) throws SQLException {
    insert.setLong(1, entry.index());
    insert.setLong(2, entry.epoch());
    insert.setString(3, entry.requestId().client());
    insert.setLong(4, entry.requestId().sequence());
    insert.setLong(5, entry.timeMillis());
    insert.setLong(6, entry.id());
    insert.setBytes(7, entry.request());
    insert.setLong(8, crc(entry));
  }

  /**
   * Reads the row; its columns begin at {@code at}.
   *
   * @throws StorageException DAMAGED: it is not what was written
   */
  static Entry read(ResultSet row, int at) throws SQLException {
    byte[] request = row.getBytes(at + 6);
    Entry entry =
        new Entry(
            row.getLong(at),
            row.getLong(at + 1),
            new RequestId(row.getString(at + 2), Math.max(0, row.getLong(at + 3))),
            row.getLong(at + 4),
            row.getLong(at + 5),
            request == null ? new byte[0] : request);
    if (row.getLong(at + 7) != crc(entry)) {
      throw new StorageException(
          StorageException.Kind.DAMAGED,
          "entry %d of the journal in state.db is not what was written".formatted(entry.index()),
          null);
    }
    return entry;
  }

  private static long crc(Entry entry) {
    CRC32C crc = new CRC32C();
    ByteBuffer numbers = ByteBuffer.allocate(5 * Long.BYTES);
    numbers
        .putLong(entry.index())
        .putLong(entry.epoch())
        .putLong(entry.requestId().sequence())
        .putLong(entry.timeMillis())
        .putLong(entry.id())
        .flip();
    crc.update(numbers);
    crc.update(entry.requestId().client().getBytes(StandardCharsets.UTF_8));
    crc.update(entry.request());
    return crc.getValue();
  }
}
