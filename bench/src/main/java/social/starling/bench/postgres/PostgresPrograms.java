package social.starling.bench.postgres;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import social.starling.bench.peer.Programs;

/**
 * What the package installs.
 *
 * @param folder of postgres, initdb and pg_basebackup
 */
public record PostgresPrograms(Path folder) {

  /** What to say where it is not installed. */
  public static final String MISSING =
      "PostgreSQL is not installed, so it is left out; on Debian and Ubuntu:"
          + " apt-get install postgresql";

  /** The newest version that is installed. */
  public static Optional<PostgresPrograms> find() {
    List<Path> folders = Programs.versions(Path.of("/usr/lib/postgresql"), "bin");
    return Programs.find("initdb", folders)
        .map(Path::getParent)
        .filter(folder -> Programs.find("pg_basebackup", List.of(folder)).isPresent())
        .map(PostgresPrograms::new);
  }

  String path(String program) {
    return folder.resolve(program).toString();
  }
}
