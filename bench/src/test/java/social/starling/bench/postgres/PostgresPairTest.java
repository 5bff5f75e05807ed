package social.starling.bench.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static social.starling.bench.load.Work.answer;
import static social.starling.bench.load.Work.expected;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import social.starling.bench.failover.Fallible;
import social.starling.bench.failover.Fault;
import social.starling.bench.failover.Poster;
import social.starling.bench.load.Population;

/** Against the real thing, where it is installed. */
@Timeout(300)
class PostgresPairTest {

  private static final Population USERS = new Population("bench_", 50, 10);

  @TempDir private Path folder;

  @BeforeEach
  void skipWithout() throws Exception {
    assumeTrue(PostgresPrograms.find().isPresent(), PostgresPrograms.MISSING);
    // PostgreSQL runs as another user when this one is root.
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  @Test
  void shouldShowTheNewestPostsOfAllFollowedAndKeepThemThroughAFailover() throws Exception {
    try (PostgresPair pair = pair()) {
      pair.start();
      try (PostgresFeed feed = PostgresFeed.open(pair, USERS, 3, 4)) {
        assertThat(timeline(pair, 7)).isEqualTo(expected(USERS, 7));

        int author = USERS.followedBy(7).getFirst();
        assertThat(answer(done -> feed.post(author, "the newest one", done))).isEqualTo(1);
        assertThat(timeline(pair, 7).getFirst()).isEqualTo(USERS.name(author) + ": the newest one");
        assertThat(answer(done -> feed.timeline(7, done))).isEqualTo(20);
      }
      assertThat(pair.cpuSeconds()).containsKeys("primary", "standby");
      assertThat(pair.memoryBytes()).isPositive();

      try (Poster poster = pair.poster(0)) {
        long first = poster.post("before");
        pair.cause(Fault.KILL);
        long second = poster.post("after a kill");
        pair.heal();
        pair.cause(Fault.STOP);
        long third = poster.post("after a stop");
        pair.heal();

        assertThat(poster.retries()).isPositive();
        assertThat(pair.stored(0))
            .containsExactly(
                new Fallible.Stored(first, "before"),
                new Fallible.Stored(second, "after a kill"),
                new Fallible.Stored(third, "after a stop"));
      }
      assertThat(timeline(pair, 7))
          .contains("bench_%d: the newest one".formatted(USERS.followedBy(7).getFirst()));
    }
  }

  @Test
  void shouldAnswerNoWriteThatTheStandbyDoesNotHave() throws Exception {
    try (PostgresPair pair = pair()) {
      pair.start();
      PostgresFeed.open(pair, USERS, 1, 1).close();

      try (Connection connection = DriverManager.getConnection(pair.url());
          var statement = connection.createStatement();
          ResultSet row =
              statement.executeQuery(
                  "SELECT sync_state, current_setting('synchronous_commit'), current_setting('fsync')"
                      + " FROM pg_stat_replication")) {
        assertThat(row.next()).isTrue();
        assertThat(List.of(row.getString(1), row.getString(2), row.getString(3)))
            .containsExactly("sync", "on", "on");
      }
    }
  }

  private PostgresPair pair() {
    return new PostgresPair(
        PostgresPrograms.find().orElseThrow(), folder.resolve("pair"), USERS.size());
  }

  private static List<String> timeline(PostgresPair pair, int user) throws Exception {
    List<String> lines = new ArrayList<>();
    try (Connection connection = DriverManager.getConnection(pair.url());
        PreparedStatement statement = connection.prepareStatement(Schema.TIMELINE)) {
      statement.setInt(1, user);
      try (ResultSet rows = statement.executeQuery()) {
        while (rows.next()) {
          lines.add(rows.getString(2) + ": " + rows.getString(3));
        }
      }
    }
    return lines;
  }
}
