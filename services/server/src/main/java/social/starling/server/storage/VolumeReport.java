package social.starling.server.storage;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.BitSet;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import social.starling.server.state.State;
import social.starling.server.state.UnappliableException;

/**
 * What is on a volume, for who has to know without opening it: a coordinator's state is rebuilt
 * from such reports. Nothing is written, no lock is taken, and a server may be at work on it.
 *
 * <p>All that the journal holds counts as applied, also entries that were never committed: whoever
 * becomes master commits them all.
 *
 * @param directory of the volume
 * @param trouble why it cannot be used, in words; empty when it can. The rest is what could be read
 *     all the same
 * @param introduction whose it is, once a member was introduced
 * @param volume its id; empty when it has none
 * @param used something was promised or journaled
 * @param promised the highest epoch promised
 * @param lastIndex index of the journal's last entry
 * @param lastEpoch epoch of the journal's last entry
 * @param appliedIndex up to which entry all is applied on the volume
 * @param users how many live in this cluster
 * @param slotsVersion the newest version of the slot table in the journal; 0 for none
 * @param slots in which the cluster takes new names
 * @param usedSlots in which users live
 * @param clusters numbers of all clusters that are known here, its own among them
 */
public record VolumeReport(
    Path directory,
    Optional<String> trouble,
    Optional<Introduction> introduction,
    String volume,
    boolean used,
    long promised,
    long lastIndex,
    long lastEpoch,
    long appliedIndex,
    int users,
    long slotsVersion,
    BitSet slots,
    BitSet usedSlots,
    SortedSet<Integer> clusters) {

  private static final int CACHE_BYTES = 1 << 20;

  /** What is gathered before it is known whether all can be read. */
  private static final class Found {
    private final Path directory;
    private Optional<Introduction> introduction = Optional.empty();
    private String volume = "";
    private boolean used;
    private long promised;
    private long lastIndex;
    private long lastEpoch;
    private long appliedIndex;
    private int users;
    private long slotsVersion;
    private BitSet slots = new BitSet();
    private BitSet usedSlots = new BitSet();
    private final SortedSet<Integer> clusters = new TreeSet<>();

    Found(Path directory) {
      this.directory = directory;
    }

    VolumeReport report(Optional<String> trouble) {
      return new VolumeReport(
          directory,
          trouble,
          introduction,
          volume,
          used,
          promised,
          lastIndex,
          lastEpoch,
          appliedIndex,
          users,
          slotsVersion,
          slots,
          usedSlots,
          clusters);
    }
  }

  /** Reads a volume. What goes wrong is in {@link #trouble}. */
  public static VolumeReport of(Path directory) {
    Found found = new Found(directory);
    try {
      read(found);
      if (Files.exists(directory.resolve(Discard.MARK))) {
        return found.report(Optional.of("it is marked as given up"));
      }
      return found.report(Optional.empty());
    } catch (StorageException e) {
      return found.report(Optional.of(e.getMessage()));
    } catch (SQLException e) {
      return found.report(
          Optional.of(
              Sql.kind(e) == StorageException.Kind.DAMAGED
                  ? "state.db is not a whole database"
                  : "state.db cannot be read: " + e.getMessage()));
    } catch (IOException e) {
      return found.report(Optional.of("it cannot be read: " + e));
    }
  }

  private static void read(Found found) throws SQLException, IOException {
    Path directory = found.directory;
    Optional<String> id = VolumeId.read(directory);
    if (id.isEmpty()) {
      throw damaged(
          Files.isDirectory(directory) ? "no volume is there" : "there is no such directory");
    }
    found.volume = id.get();
    Path database = database(directory, id.get());
    if (!Files.exists(database)) {
      throw damaged("state.db is gone");
    }
    try (Connection connection = Sql.openReadOnly(database)) {
      int version = Schema.version(connection);
      if (version != Schema.VERSION) {
        throw damaged(
            "its format is %d, and this version knows %d".formatted(version, Schema.VERSION));
      }
      Meta meta = Meta.load(connection);
      found.introduction = meta.introduction();
      found.used = meta.used();
      found.promised = meta.promised;
      found.lastIndex = meta.lastIndex;
      found.appliedIndex = meta.applied;
      found.lastEpoch =
          Math.max(
              meta.baseEpoch, Sql.number(connection, "SELECT coalesce(max(epoch), 0) FROM epochs"));
      if (!meta.volume.equals(id.get())) {
        throw damaged("state.db does not belong to the volume-id beside it");
      }
      numbers(connection, found);
      state(connection, meta, found);
    }
  }

  /** A full copy that is complete, and not yet in its place, is what the volume holds. */
  private static Path database(Path directory, String id) throws IOException {
    Path incoming = directory.resolve(Installation.DIRECTORY);
    Path copy = incoming.resolve(Content.DATABASE);
    return VolumeId.read(incoming).filter(id::equals).isPresent() && Files.exists(copy)
        ? copy
        : directory.resolve(Content.DATABASE);
  }

  private static void numbers(Connection connection, Found found) throws SQLException {
    found.introduction.ifPresent(own -> found.clusters.add(own.number()));
    try (Statement select = connection.createStatement();
        ResultSet row =
            select.executeQuery(
                "SELECT DISTINCT home FROM users UNION SELECT cluster FROM peers"
                    + " UNION SELECT cluster FROM wants")) {
      while (row.next()) {
        if (row.getInt(1) != State.LOCAL) {
          found.clusters.add(row.getInt(1));
        }
      }
    }
  }

  private static void state(Connection connection, Meta meta, Found found) throws SQLException {
    State state =
        new TableLoader(
                connection,
                meta,
                place -> {
                  throw new IllegalStateException("no post is read");
                },
                CACHE_BYTES)
            .load();
    try (PreparedStatement select =
        connection.prepareStatement(
            "SELECT " + JournalRows.COLUMNS + " FROM journal WHERE idx > ? ORDER BY idx")) {
      Sql.bind(select, meta.applied);
      try (ResultSet row = select.executeQuery()) {
        while (row.next()) {
          state.apply(JournalRows.read(row, 1));
        }
      }
    } catch (UnappliableException e) {
      throw damaged(e.getMessage());
    }
    found.users = state.localUserCount();
    found.slotsVersion = state.slotsVersion();
    found.slots = state.slots();
    found.usedSlots = state.usedSlots();
  }

  private static StorageException damaged(String why) {
    return new StorageException(StorageException.Kind.DAMAGED, why, null);
  }
}
