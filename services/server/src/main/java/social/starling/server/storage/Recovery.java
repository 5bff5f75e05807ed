package social.starling.server.storage;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import social.starling.replication.Entry;
import social.starling.server.state.PostRecord;

/**
 * Brings the post files to what the database says, when a volume is opened:
 *
 * <ol>
 *   <li>Records that may not have been fsynced are written again, from the journal, where they
 *       stand: the same bytes.
 *   <li>What follows the last record of a file was written for a transaction that never committed,
 *       and is cut off.
 *   <li>What is missing of a file all the same is written again from the journal as far as it goes
 *       back; the rest is damage.
 * </ol>
 */
final class Recovery {

  private static final Logger log = LoggerFactory.getLogger(Recovery.class);

  /** Records are gathered by file up to so many bytes before they are written. */
  private static final int GATHER_BYTES = 8 << 20;

  private final Content content;
  private final Consumer<String> damage;
  private final Map<String, Gathered> gathered = new HashMap<>();
  private int gatheredBytes;

  Recovery(Content content, Consumer<String> damage) {
    this.content = content;
    this.damage = damage;
  }

  void run(TableLoader loader) throws SQLException, IOException {
    if (content.meta.filesSynced < content.meta.applied) {
      rewrite(loader.firstUnsynced());
    }
    List<String> shorter = new ArrayList<>();
    // The visitor may not throw what a file system throws.
    Map<String, Long> lengths = new HashMap<>();
    loader.files(lengths::put);
    for (Map.Entry<String, Long> file : lengths.entrySet()) {
      long length = content.files.length(file.getKey());
      if (length > file.getValue()) {
        content.files.truncate(file.getKey(), file.getValue());
      } else if (length < file.getValue()) {
        shorter.add(file.getKey());
      }
    }
    if (!shorter.isEmpty()) {
      complete(shorter);
    }
  }

  private void rewrite(int firstPost) throws SQLException, IOException {
    try (PreparedStatement select =
        content.connection.prepareStatement(
            "SELECT u.name, p.offset, p.crc, "
                + columns("j")
                + " FROM posts p JOIN journal j ON j.idx = p.idx JOIN users u ON u.no = p.author"
                + " WHERE p.no >= ? ORDER BY p.no")) {
      Sql.bind(select, firstPost);
      try (ResultSet row = select.executeQuery()) {
        while (row.next()) {
          Entry entry = JournalRows.read(row, 4);
          byte[] record = Journal.record(entry, row.getString(1));
          if (PostRecord.crc(record) != row.getInt(3)) {
            throw new StorageException(
                StorageException.Kind.DAMAGED,
                "entry %s and its post in state.db do not agree".formatted(entry),
                null);
          }
          gather(row.getString(1), row.getLong(2), record);
        }
      }
    }
    try (PreparedStatement select =
        content.connection.prepareStatement(
            "SELECT u.name, d.offset, p.id FROM deletions d JOIN posts p ON p.no = d.post"
                + " JOIN users u ON u.no = p.author WHERE d.idx > ?")) {
      Sql.bind(select, content.meta.filesSynced);
      try (ResultSet row = select.executeQuery()) {
        while (row.next()) {
          gather(row.getString(1), row.getLong(2), PostRecord.deletion(row.getLong(3)));
        }
      }
    }
    flush();
  }

  private static String columns(String table) {
    return table + "." + JournalRows.COLUMNS.replace(", ", ", " + table + ".");
  }

  private void gather(String name, long offset, byte[] record) throws IOException {
    String author = name.toLowerCase(java.util.Locale.ROOT);
    Gathered before = gathered.get(author);
    if (before != null && before.end() != offset) {
      content.files.write(author, before.offset, ByteBuffer.wrap(before.bytes.toByteArray()));
      before = null;
    }
    if (before == null) {
      before = new Gathered(offset);
      gathered.put(author, before);
    }
    before.bytes.writeBytes(record);
    gatheredBytes += record.length;
    if (gatheredBytes > GATHER_BYTES) {
      flush();
    }
  }

  private void flush() throws IOException {
    for (Map.Entry<String, Gathered> file : gathered.entrySet()) {
      Gathered run = file.getValue();
      content.files.write(file.getKey(), run.offset, ByteBuffer.wrap(run.bytes.toByteArray()));
    }
    gathered.clear();
    gatheredBytes = 0;
  }

  private void complete(List<String> shorter) throws SQLException, IOException {
    RecordMap map = RecordMap.load(content.connection);
    for (int user = 0; user < map.users(); user++) {
      String author = map.author(user);
      if (shorter.contains(author)) {
        complete(map, user, author);
      }
    }
  }

  private void complete(RecordMap map, int user, String author) throws SQLException, IOException {
    long length = content.files.length(author);
    int lost = 0;
    Map<Long, byte[]> records = new LinkedHashMap<>();
    for (int i = 0; i < map.size(user); i++) {
      RecordMap.Place place = map.place(user, i);
      if (place.end() > length) {
        Optional<byte[]> record = content.journal.record(place);
        record.ifPresent(bytes -> records.put(place.offset(), bytes));
        lost += record.isEmpty() ? 1 : 0;
      }
    }
    String file = PostFiles.relative(author);
    if (lost > 0) {
      // Writing the others would give the file the right length, and hide the hole.
      damage.accept(
          "%s has %d bytes instead of %d, and %d of the missing records are no longer in the journal"
              .formatted(file, length, map.length(user), lost));
      return;
    }
    for (Map.Entry<Long, byte[]> record : records.entrySet()) {
      content.files.write(author, record.getKey(), ByteBuffer.wrap(record.getValue()));
    }
    log.atWarn()
        .addKeyValue("file", file)
        .addKeyValue("records", records.size())
        .log("a post file was cut short and is completed from the journal");
  }

  private static final class Gathered {
    final long offset;
    final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    Gathered(long offset) {
      this.offset = offset;
    }

    long end() {
      return offset + bytes.size();
    }
  }
}
