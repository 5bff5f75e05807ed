package social.starling.server.storage;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Optional;

/**
 * The one row that says where everything stands. Written in every transaction.
 *
 * <p>Owned by the store thread, except {@code filesSynced}.
 */
final class Meta {

  static final String TABLE =
      """
      CREATE TABLE meta (
        one INTEGER PRIMARY KEY CHECK (one = 1),
        volume TEXT NOT NULL,
        promised INTEGER NOT NULL,
        base_index INTEGER NOT NULL,
        base_epoch INTEGER NOT NULL,
        base_id INTEGER NOT NULL,
        base_time INTEGER NOT NULL,
        last_index INTEGER NOT NULL,
        last_id INTEGER NOT NULL,
        last_time INTEGER NOT NULL,
        journal_bytes INTEGER NOT NULL,
        applied INTEGER NOT NULL,
        files_synced INTEGER NOT NULL,
        checksum INTEGER NOT NULL,
        horizon INTEGER NOT NULL,
        number INTEGER NOT NULL,
        cluster TEXT NOT NULL,
        member TEXT NOT NULL
      ) STRICT\
      """;

  static final String INSERT =
      "INSERT INTO meta VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

  static final String UPDATE =
      """
      UPDATE meta SET volume = ?, promised = ?, base_index = ?, base_epoch = ?, base_id = ?,
        base_time = ?, last_index = ?, last_id = ?, last_time = ?, journal_bytes = ?, applied = ?,
        files_synced = ?, checksum = ?, horizon = ?, number = ?, cluster = ?, member = ?\
      """;

  final String volume;
  long promised;
  long baseIndex;
  long baseEpoch;
  long baseId;
  long baseTime;
  long lastIndex;
  long lastId;
  long lastTime;
  long journalBytes;
  long applied;
  long filesSynced;
  long checksum;
  long horizon;

  /** Number of the cluster; of no meaning while {@link #cluster} is empty. */
  long number;

  /** Name of the cluster; empty before the volume is introduced. */
  String cluster = "";

  /** Name of the member; empty before the volume is introduced. */
  String member = "";

  Meta(String volume) {
    this.volume = volume;
  }

  static Meta load(Connection connection) throws SQLException {
    try (PreparedStatement select = connection.prepareStatement("SELECT * FROM meta");
        ResultSet row = select.executeQuery()) {
      if (!row.next()) {
        throw new SQLException("table meta is empty");
      }
      Meta meta = new Meta(row.getString("volume"));
      meta.promised = row.getLong("promised");
      meta.baseIndex = row.getLong("base_index");
      meta.baseEpoch = row.getLong("base_epoch");
      meta.baseId = row.getLong("base_id");
      meta.baseTime = row.getLong("base_time");
      meta.lastIndex = row.getLong("last_index");
      meta.lastId = row.getLong("last_id");
      meta.lastTime = row.getLong("last_time");
      meta.journalBytes = row.getLong("journal_bytes");
      meta.applied = row.getLong("applied");
      meta.filesSynced = row.getLong("files_synced");
      meta.checksum = row.getLong("checksum");
      meta.horizon = row.getLong("horizon");
      meta.number = row.getLong("number");
      meta.cluster = row.getString("cluster");
      meta.member = row.getString("member");
      return meta;
    }
  }

  /** Binds all columns for {@link #INSERT} or {@link #UPDATE}. */
  void bind(PreparedStatement statement) throws SQLException {
    long[] numbers = {
      promised,
      baseIndex,
      baseEpoch,
      baseId,
      baseTime,
      lastIndex,
      lastId,
      lastTime,
      journalBytes,
      applied,
      filesSynced,
      checksum,
      horizon,
      number
    };
    statement.setString(1, volume);
    for (int i = 0; i < numbers.length; i++) {
      statement.setLong(i + 2, numbers[i]);
    }
    statement.setString(numbers.length + 2, cluster);
    statement.setString(numbers.length + 3, member);
  }

  /** The same numbers for a volume with another id. */
  Meta withVolume(String id) {
    Meta other = new Meta(id);
    other.take(this);
    return other;
  }

  /** Takes the numbers of another. */
  void take(Meta other) {
    promised = other.promised;
    baseIndex = other.baseIndex;
    baseEpoch = other.baseEpoch;
    baseId = other.baseId;
    baseTime = other.baseTime;
    lastIndex = other.lastIndex;
    lastId = other.lastId;
    lastTime = other.lastTime;
    journalBytes = other.journalBytes;
    applied = other.applied;
    filesSynced = other.filesSynced;
    checksum = other.checksum;
    horizon = other.horizon;
    number = other.number;
    cluster = other.cluster;
    member = other.member;
  }

  /** Whose volume it is, if that was ever said. */
  Optional<Introduction> introduction() {
    return cluster.isEmpty()
        ? Optional.empty()
        : Optional.of(new Introduction(cluster, (int) number, member));
  }

  /** Whether anything was ever promised or journaled. */
  boolean used() {
    return promised > 0 || lastIndex > 0;
  }
}
