package social.starling.bench.compare;

import java.util.List;

/** Names of what is compared, and of the files in which it stands. */
final class Systems {

  static final String STARLING = "Starling";
  static final String STARLING_ROUTED = "Starling, router";
  static final String POSTGRES = "PostgreSQL";
  static final String REDIS_ALWAYS = "Redis, always";
  static final String REDIS_EVERYSEC = "Redis, everysec";

  /** In the order in which they are shown. */
  static final List<String> ALL =
      List.of(STARLING, STARLING_ROUTED, POSTGRES, REDIS_ALWAYS, REDIS_EVERYSEC);

  static final String STARLING_FILE = "starling.json";
  static final String POSTGRES_FILE = "postgres.json";
  static final String REDIS_FILE = "redis.json";
  static final List<String> FILES = List.of(STARLING_FILE, POSTGRES_FILE, REDIS_FILE);

  private Systems() {}
}
