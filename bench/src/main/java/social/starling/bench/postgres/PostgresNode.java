package social.starling.bench.postgres;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import social.starling.bench.installation.Trees;
import social.starling.bench.peer.Child;
import social.starling.bench.peer.Ports;
import social.starling.bench.peer.Unprivileged;

/**
 * One of the two: its folder, its port, and its process while it runs. Used by one thread at a
 * time.
 */
final class PostgresNode {

  static final String USER = "bench";

  private static final long RUN_SECONDS = 120;
  private static final String CONFIGURATION = "bench.conf";

  private final PostgresPrograms programs;
  private final Unprivileged user;
  private final Path folder;
  private final int port = Ports.free();
  private Child child;

  PostgresNode(PostgresPrograms programs, Unprivileged user, Path folder) {
    this.programs = programs;
    this.user = user;
    this.folder = folder;
  }

  int port() {
    return port;
  }

  String name() {
    return folder.getFileName().toString();
  }

  Path data() {
    return folder.resolve("data");
  }

  Child child() {
    return child;
  }

  /** Makes it a new, empty primary, and starts it. */
  void create() throws InterruptedException {
    clear();
    run(
        "initdb",
        "--pgdata=" + data(),
        "--username=" + USER,
        "--auth=trust",
        "--encoding=UTF8",
        "--locale=C",
        "--no-sync");
    write(data().resolve("postgresql.conf"), "include '" + CONFIGURATION + "'\n");
    configure("");
    start();
  }

  /** Makes it a standby, a copy of another, and starts it. */
  void copy(PostgresNode primary) throws InterruptedException {
    clear();
    run(
        "pg_basebackup",
        "--pgdata=" + data(),
        "--host=127.0.0.1",
        "--port=" + primary.port,
        "--username=" + USER,
        "--checkpoint=fast",
        "--wal-method=stream");
    write(data().resolve("standby.signal"), "");
    configure(
        "primary_conninfo = 'host=127.0.0.1 port=%d user=%s application_name=%s'%n"
            .formatted(primary.port, USER, name()));
    start();
  }

  /** Has commits wait until a standby has them on its disk; an empty name: for none. */
  void await(String standby) throws SQLException {
    configure("synchronous_standby_names = '%s'%n".formatted(standby));
    try (Connection connection = connect();
        Statement statement = connection.createStatement()) {
      statement.execute("SELECT pg_reload_conf()");
    }
  }

  /**
   * A connection to this very node, whatever it is.
   *
   * @throws SQLException when it does not answer within a second or two
   */
  Connection connect() throws SQLException {
    return DriverManager.getConnection(
        "jdbc:postgresql://127.0.0.1:%d/postgres?user=%s&connectTimeout=2&loginTimeout=2"
            .formatted(port, USER));
  }

  String one(String query) throws SQLException {
    try (Connection connection = connect();
        Statement statement = connection.createStatement();
        ResultSet result = statement.executeQuery(query)) {
      return result.next() ? result.getString(1) : "";
    }
  }

  void end() {
    if (child != null) {
      child.end();
    }
  }

  private void start() {
    child =
        Child.start(
            user.command(List.of(programs.path("postgres"), "-D", data().toString())),
            folder,
            log());
  }

  private void run(String program, String... arguments) throws InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(programs.path(program));
    command.addAll(List.of(arguments));
    Child.run(user.command(command), folder, log(), RUN_SECONDS);
  }

  private Path log() {
    return folder.resolve("log");
  }

  /**
   * What is not the default: durability is spelled out, memory is enough for all data, and what
   * costs time without making anything safer is off: remembering what an author has posted doubles
   * what a timeline takes, as no author is looked up twice. A standby that has lost its primary
   * looks for it again after 5 s, and can be promoted then only, unless it is told to look more
   * often.
   */
  private void configure(String more) {
    write(
        data().resolve(CONFIGURATION),
        """
        listen_addresses = '127.0.0.1'
        port = %d
        unix_socket_directories = ''
        max_connections = 300
        fsync = on
        synchronous_commit = on
        full_page_writes = on
        wal_level = replica
        hot_standby = on
        shared_buffers = 512MB
        max_wal_size = 4GB
        jit = off
        enable_memoize = off
        wal_retrieve_retry_interval = 50ms
        """
                .formatted(port)
            + more);
  }

  private void clear() {
    end();
    try {
      if (Files.exists(data())) {
        Trees.delete(data());
      }
      user.folder(folder);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void write(Path file, String text) {
    try {
      Files.writeString(file, text);
      user.own(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
