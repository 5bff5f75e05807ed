package social.starling.bench.compare;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import social.starling.bench.HelpOption;
import social.starling.bench.failover.PeerCampaign;
import social.starling.bench.load.Population;
import social.starling.bench.redis.RedisFeed;
import social.starling.bench.redis.RedisGroup;
import social.starling.bench.redis.RedisPrograms;
import social.starling.common.ExitCode;

/** {@code bench compare redis}. */
@Command(
    name = "redis",
    description = {
      "Measure Redis with a replica and three sentinels.",
      "All are started from the installed packages, filled, measured and ended."
    })
final class CompareRedisCommand implements Callable<Integer> {

  private static final String ALWAYS = "always";
  private static final String EVERYSEC = "everysec";

  @Mixin private CompareOptions options = new CompareOptions();
  @Mixin private HelpOption help = new HelpOption();

  @Override
  public Integer call() throws InterruptedException {
    Optional<RedisPrograms> programs = RedisPrograms.find();
    if (programs.isEmpty()) {
      System.out.println(RedisPrograms.MISSING);
      return ExitCode.DONE;
    }
    Population users = options.users();
    try (RedisGroup group =
        new RedisGroup(
            programs.get(), options.folder().resolve("redis-data"), EVERYSEC, users.size())) {
      // Interrupted, this program leaves nothing behind.
      Runtime.getRuntime().addShutdownHook(new Thread(group::close));
      group.start();
      long began = System.nanoTime();
      long last = RedisFeed.fill(group, users, CompareOptions.POSTS_EACH);
      double seconds = (System.nanoTime() - began) / 1e9;
      Probe probe = new Probe(group::cpuSeconds, group::memoryBytes, group::volumeBytes);
      Result.Builder results =
          new Result.Builder(
              options.folder().resolve(Systems.REDIS_FILE),
              group.version(),
              users.size(),
              seconds,
              probe);
      Measurement measurement = new Measurement(options.extent(), users.size());
      try (RedisFeed feed = RedisFeed.open(group, users, last, Measurement.CLIENTS)) {
        for (Map.Entry<String, String> policy :
            List.of(
                Map.entry(EVERYSEC, Systems.REDIS_EVERYSEC),
                Map.entry(ALWAYS, Systems.REDIS_ALWAYS))) {
          group.fsync(policy.getKey());
          measurement.all(policy.getValue(), feed, probe, results);
        }
      }
      for (PeerCampaign.Plan plan :
          List.of(Faults.kills(options.extent()), Faults.stops(options.extent()))) {
        try (PeerCampaign campaign =
            new PeerCampaign(Systems.REDIS_ALWAYS, group, plan, System.out::println)) {
          results.add(List.of(campaign.run()));
        }
      }
    }
    return ExitCode.DONE;
  }
}
