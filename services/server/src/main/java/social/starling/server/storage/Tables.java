package social.starling.server.storage;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import social.starling.replication.Entry;
import social.starling.server.state.Change;
import social.starling.server.state.Effect;

/**
 * Writes rows over the one writing connection, with statements that are kept. Store thread only.
 */
final class Tables implements AutoCloseable {

  private static final String INSERT_POST = "INSERT INTO posts VALUES (?, ?, ?, ?, ?, ?, ?)";
  private static final String DELETE_CLIENT = "DELETE FROM clients WHERE no = ?";
  private static final String UPSERT_CLIENT =
      "INSERT INTO clients VALUES (?, ?, ?, ?, ?) ON CONFLICT (no) DO UPDATE SET"
          + " floor = excluded.floor, last_time = excluded.last_time,"
          + " last_idx = excluded.last_idx";
  private static final String DELETE_ANSWERS =
      "DELETE FROM answers WHERE client = ? AND sequence <= ?";
  private static final String INSERT_ANSWER = "INSERT INTO answers VALUES (?, ?, ?, ?)";

  /** In the order in which they are executed. */
  private static final List<String> CLIENTS =
      List.of(DELETE_CLIENT, UPSERT_CLIENT, DELETE_ANSWERS, INSERT_ANSWER);

  /** Written at once. */
  private static final int MOST_CLIENTS = 1_024;

  private final Connection connection;
  private final Map<String, PreparedStatement> statements = new HashMap<>();

  Tables(Connection connection) {
    this.connection = connection;
  }

  void append(List<Entry> entries) throws SQLException {
    PreparedStatement insert = statement(JournalRows.INSERT);
    for (Entry entry : entries) {
      JournalRows.bind(insert, entry);
      insert.executeUpdate();
    }
  }

  void epoch(long epoch, long start) throws SQLException {
    update("INSERT INTO epochs VALUES (?, ?)", epoch, start);
  }

  /** Drops the entries after an index; returns their weight. */
  long truncate(long after) throws SQLException {
    long weight = weight(after, Long.MAX_VALUE);
    update("DELETE FROM journal WHERE idx > ?", after);
    update("DELETE FROM epochs WHERE start > ?", after);
    return weight;
  }

  /** Drops the entries after one index up to another; returns their weight. */
  long trim(long after, long upTo) throws SQLException {
    long weight = weight(after, upTo);
    update("DELETE FROM journal WHERE idx <= ?", upTo);
    update("DELETE FROM epochs WHERE start <= ?", upTo);
    return weight;
  }

  private long weight(long after, long upTo) throws SQLException {
    return Sql.number(
        connection,
        "SELECT coalesce(sum(length(request) + length(client) + 64), 0) FROM journal"
            + " WHERE idx > ? AND idx <= ?",
        after,
        upTo);
  }

  void meta(Meta meta) throws SQLException {
    PreparedStatement update = statement(Meta.UPDATE);
    meta.bind(update);
    update.executeUpdate();
  }

  /**
   * Writes the rows of changes; what one change of the batch undoes of another is left out. Rows of
   * clients in the order of the tables' keys, and each statement many times in a row: what the one
   * before has looked up is still at hand, which saves a quarter of the time.
   */
  void apply(List<Change> changes) throws SQLException {
    if (changes.isEmpty()) {
      return; // As of each batch of entries.
    }
    SortedMap<Long, ClientRows> clients = new TreeMap<>();
    for (Change change : changes) {
      for (Effect effect : change.effects()) {
        apply(effect, clients);
      }
    }
    statement(INSERT_POST).executeBatch();
    int waiting = 0;
    for (Map.Entry<Long, ClientRows> client : clients.entrySet()) {
      add(client.getKey(), client.getValue());
      waiting++;
      // One change may drop all clients, and a statement keeps the room that it once needed, and
      // goes over all of it each time.
      if (waiting == MOST_CLIENTS) {
        writeClients();
        waiting = 0;
      }
    }
    writeClients();
  }

  private void writeClients() throws SQLException {
    for (String sql : CLIENTS) {
      statement(sql).executeBatch();
    }
  }

  private void apply(Effect effect, Map<Long, ClientRows> clients) throws SQLException {
    switch (effect) {
      case Effect.UserAdded user -> {
        PreparedStatement insert = statement("INSERT INTO users VALUES (?, ?, ?, ?)");
        insert.setInt(1, user.user());
        insert.setString(2, user.name());
        insert.setInt(3, user.home());
        insert.setLong(4, user.index());
        insert.executeUpdate();
      }
      case Effect.FollowAdded follow ->
          update(
              "INSERT INTO follows VALUES (?, ?, ?, ?)",
              follow.follower(),
              follow.author(),
              follow.since(),
              follow.position());
      case Effect.FollowRemoved follow ->
          update(
              "DELETE FROM follows WHERE follower = ? AND author = ?",
              follow.follower(),
              follow.author());
      case Effect.UnfollowKept undone ->
          update(
              "INSERT INTO unfollows VALUES (?, ?, ?)",
              undone.follower(),
              undone.author(),
              undone.index());
      case Effect.UnfollowForgotten undone ->
          update(
              "DELETE FROM unfollows WHERE follower = ? AND author = ?",
              undone.follower(),
              undone.author());
      case Effect.WantChanged want ->
          update(
              "INSERT OR REPLACE INTO wants VALUES (?, ?, ?, ?)",
              want.author(),
              want.cluster(),
              want.since(),
              want.position());
      case Effect.CursorMoved moved ->
          update(
              "INSERT OR REPLACE INTO peers VALUES (?, ?, ?)",
              moved.cluster(),
              moved.cursor().index(),
              moved.cursor().within());
      case Effect.SlotsOwned slots -> {
        PreparedStatement insert = statement("INSERT OR REPLACE INTO slots VALUES (1, ?, ?)");
        insert.setLong(1, slots.version());
        insert.setBytes(2, slots.bits());
        insert.executeUpdate();
      }
      case Effect.PostAdded post ->
          add(
              INSERT_POST,
              post.number(),
              post.user(),
              post.place().id(),
              post.place().index(),
              post.place().offset(),
              post.place().length(),
              post.place().crc());
      case Effect.PostDeleted post ->
          update(
              "INSERT INTO deletions VALUES (?, ?, ?)", post.number(), post.index(), post.offset());
      case Effect.ClientWrote wrote -> rows(clients, wrote.number()).row = wrote;
      case Effect.AnswerRecorded answer -> rows(clients, answer.client()).answers.add(answer);
      case Effect.ClientDropped dropped -> {
        ClientRows rows = rows(clients, dropped.number());
        rows.dropped = true;
        rows.answers.clear();
      }
    }
  }

  private static ClientRows rows(Map<Long, ClientRows> clients, long number) {
    return clients.computeIfAbsent(number, ignored -> new ClientRows());
  }

  private void add(long number, ClientRows rows) throws SQLException {
    if (rows.dropped) {
      // A dropped client never comes back under its number: see Answers.
      add(DELETE_CLIENT, number);
      add(DELETE_ANSWERS, number, Long.MAX_VALUE);
      return;
    }
    Effect.ClientWrote row = rows.row;
    PreparedStatement upsert = statement(UPSERT_CLIENT);
    upsert.setLong(1, number);
    upsert.setString(2, row.client());
    upsert.setLong(3, row.floor());
    upsert.setLong(4, row.lastTime());
    upsert.setLong(5, row.lastIndex());
    upsert.addBatch();
    if (row.floor() > 0) {
      add(DELETE_ANSWERS, number, row.floor());
    }
    PreparedStatement insert = statement(INSERT_ANSWER);
    for (Effect.AnswerRecorded answer : rows.answers) {
      if (answer.sequence() > row.floor()) {
        insert.setLong(1, number);
        insert.setLong(2, answer.sequence());
        insert.setLong(3, answer.hash());
        insert.setBytes(4, answer.answer());
        insert.addBatch();
      }
    }
  }

  /** To be executed with others; see {@link #apply(List)}. */
  private void add(String sql, long... values) throws SQLException {
    PreparedStatement statement = statement(sql);
    Sql.bind(statement, values);
    statement.addBatch();
  }

  private void update(String sql, long... values) throws SQLException {
    PreparedStatement statement = statement(sql);
    Sql.bind(statement, values);
    statement.executeUpdate();
  }

  private PreparedStatement statement(String sql) throws SQLException {
    PreparedStatement statement = statements.get(sql);
    if (statement == null) {
      statement = connection.prepareStatement(sql);
      statements.put(sql, statement);
    }
    return statement;
  }

  /** Lets go of the statements: after a failure the driver lets none be used again. */
  void forget() throws SQLException {
    close();
    statements.clear();
  }

  @Override
  public void close() throws SQLException {
    for (PreparedStatement statement : statements.values()) {
      statement.close();
    }
  }

  /** What a batch does to a client. */
  private static final class ClientRows {
    Effect.ClientWrote row;
    final List<Effect.AnswerRecorded> answers = new ArrayList<>();
    boolean dropped;
  }
}
