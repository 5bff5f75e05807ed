package social.starling.bench.redis;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import social.starling.bench.peer.Programs;

/**
 * What the packages install.
 *
 * @param server redis-server
 * @param sentinel redis-sentinel
 */
public record RedisPrograms(Path server, Path sentinel) {

  /** What to say where they are not installed. */
  public static final String MISSING =
      "Redis is not installed, so it is left out; on Debian and Ubuntu:"
          + " apt-get install redis-server redis-sentinel";

  /** Those in PATH. */
  public static Optional<RedisPrograms> find() {
    return Programs.find("redis-server", List.of())
        .flatMap(server ->
            Programs.find("redis-sentinel", List.of())
                .map(sentinel -> new RedisPrograms(server, sentinel)));
  }
}
