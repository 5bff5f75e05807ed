package social.starling.server.storage;

import com.google.protobuf.InvalidProtocolBufferException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import social.starling.proto.journal.v1.Received;
import social.starling.proto.journal.v1.Request;
import social.starling.proto.sync.v1.Post;
import social.starling.replication.Entry;
import social.starling.replication.EpochStart;
import social.starling.server.state.PostRecord;

/**
 * Reads what was committed of the journal, over a connection of its own. The last of it may not be
 * durable yet: who has to know is told when it is. Thread-safe.
 */
final class Journal implements AutoCloseable {

  private final Connection connection;
  private final PreparedStatement range;
  private final PreparedStatement one;

  Journal(Path database) throws SQLException {
    connection = Sql.openPlain(database);
    String select = "SELECT " + JournalRows.COLUMNS + " FROM journal WHERE idx ";
    range = connection.prepareStatement(select + ">= ? AND idx <= ? ORDER BY idx");
    one = connection.prepareStatement(select + "= ?");
  }

  /** As {@link social.starling.replication.JournalReader#read}. */
  synchronized List<Entry> read(long from, long to, int maxBytes) throws SQLException {
    List<Entry> entries = new ArrayList<>();
    Sql.bind(range, from, to);
    try (ResultSet row = range.executeQuery()) {
      long bytes = 0;
      while (bytes < maxBytes && row.next()) {
        Entry entry = JournalRows.read(row, 1);
        if (entry.index() != from + entries.size()) {
          if (entries.isEmpty()) {
            return entries;
          }
          throw new StorageException(
              StorageException.Kind.DAMAGED,
              "entry %d of the journal in state.db is missing".formatted(from + entries.size()),
              null);
        }
        entries.add(entry);
        bytes += entry.weight();
      }
    }
    return entries;
  }

  synchronized Optional<Entry> find(long index) throws SQLException {
    Sql.bind(one, index);
    try (ResultSet row = one.executeQuery()) {
      return row.next() ? Optional.of(JournalRows.read(row, 1)) : Optional.empty();
    }
  }

  /** An entry that is there. */
  static Entry find(Connection connection, long index) throws SQLException {
    try (PreparedStatement select =
        connection.prepareStatement(
            "SELECT " + JournalRows.COLUMNS + " FROM journal WHERE idx = ?")) {
      Sql.bind(select, index);
      try (ResultSet row = select.executeQuery()) {
        if (!row.next()) {
          throw new StorageException(
              StorageException.Kind.DAMAGED,
              "entry %d of the journal in state.db is missing".formatted(index),
              null);
        }
        return JournalRows.read(row, 1);
      }
    }
  }

  synchronized List<EpochStart> epochs() throws SQLException {
    List<EpochStart> epochs = new ArrayList<>();
    try (PreparedStatement select =
            connection.prepareStatement("SELECT epoch, start FROM epochs ORDER BY epoch");
        ResultSet row = select.executeQuery()) {
      while (row.next()) {
        epochs.add(new EpochStart(row.getLong(1), row.getLong(2)));
      }
    }
    return epochs;
  }

  synchronized OptionalLong oldestTime() throws SQLException {
    try (PreparedStatement select =
            connection.prepareStatement("SELECT time FROM journal ORDER BY idx LIMIT 1");
        ResultSet row = select.executeQuery()) {
      return row.next() ? OptionalLong.of(row.getLong(1)) : OptionalLong.empty();
    }
  }

  /** The last entry made before a time, of those after one index up to another; 0 if none is. */
  synchronized long lastBefore(long timeMillis, long after, long upTo) throws SQLException {
    return Sql.number(
        connection,
        "SELECT coalesce(max(idx), 0) FROM journal WHERE idx > ? AND idx <= ? AND time < ?",
        after,
        upTo,
        timeMillis);
  }

  /** The name as registered of the user with this lower-cased name. */
  synchronized Optional<String> registered(String author) throws SQLException {
    try (PreparedStatement select =
        connection.prepareStatement("SELECT name FROM users WHERE lower(name) = ?")) {
      select.setString(1, author);
      try (ResultSet row = select.executeQuery()) {
        return row.next() ? Optional.of(row.getString(1)) : Optional.empty();
      }
    }
  }

  /** A record as the journal gives it, if the journal still does. */
  Optional<byte[]> record(RecordMap.Place place) throws SQLException {
    if (place.deletion()) {
      return Optional.of(PostRecord.deletion(place.id()));
    }
    return find(place.index()).map(entry -> record(entry, place.author())).filter(place::matches);
  }

  /** The record of a post's entry. */
  static byte[] record(Entry entry, String author) {
    try {
      Request request = Request.parseFrom(entry.request());
      if (request.getBodyCase() == Request.BodyCase.RECEIVED) {
        return record(request.getReceived(), author);
      }
      byte[] text = request.getPost().getTextBytes().toByteArray();
      return PostRecord.post(entry.timeMillis(), entry.id(), author, text);
    } catch (InvalidProtocolBufferException e) {
      throw new StorageException(
          StorageException.Kind.DAMAGED, "entry %s is not readable".formatted(entry), e);
    }
  }

  /** The post of another cluster is the last of what was received, with the time and id it had. */
  private static byte[] record(Received received, String author) {
    int last = received.getItemsCount() - 1;
    Post post = last < 0 ? Post.getDefaultInstance() : received.getItems(last).getPost();
    return PostRecord.post(
        post.getTimeMillis(), post.getId(), author, post.getTextBytes().toByteArray());
  }

  @Override
  public synchronized void close() throws SQLException {
    range.close();
    one.close();
    connection.close();
  }
}
