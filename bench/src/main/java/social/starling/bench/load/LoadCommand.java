package social.starling.bench.load;

import static social.starling.bench.Usage.require;

import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import social.starling.bench.HelpOption;
import social.starling.bench.OutputFormat;
import social.starling.client.ClientOptions;
import social.starling.client.PostPage;
import social.starling.client.StarlingClient;
import social.starling.client.StarlingException;
import social.starling.common.ExitCode;
import social.starling.common.StartException;

/** {@code bench load}: posts and timelines, as many as possible or at a rate. */
@Command(
    name = "load",
    description = {
      "Post and read timelines: as many as possible, or at a rate.",
      "As fast as N clients can (closed loop), or at a fixed rate (open loop, latency from the",
      "intended time). Run 'bench setup' first."
    })
public final class LoadCommand implements Callable<Integer> {

  @Mixin private PopulationOptions population = new PopulationOptions();
  @Mixin private HelpOption help = new HelpOption();

  @ArgGroup(multiplicity = "1")
  private Amount amount;

  /** Closed or open. */
  private static final class Amount {
    @Option(names = "--clients", paramLabel = "N", description = "Closed loop of N clients.")
    private int clients;

    @Option(
        names = "--rate",
        paramLabel = "N",
        description = "Open loop of N operations per second.")
    private double rate;
  }

  @Option(
      names = "--posts",
      paramLabel = "PERCENT",
      defaultValue = "10",
      description = "Share of posts; the rest are timelines. Default: ${DEFAULT-VALUE}.")
  private int posts = 10;

  @Option(
      names = "--direct",
      description = "Call the servers that the router names, instead of the router.")
  private boolean direct;

  @Option(
      names = "--seconds",
      paramLabel = "S",
      defaultValue = "20",
      description = "Time measured. Default: ${DEFAULT-VALUE}.")
  private int seconds = 20;

  @Option(
      names = "--warm-up",
      paramLabel = "S",
      defaultValue = "10",
      description = "Time before that, under the same load. Default: ${DEFAULT-VALUE}.")
  private int warmUp = 10;

  @Option(
      names = "--text-bytes",
      paramLabel = "N",
      defaultValue = "200",
      description = "Length of a post. Default: ${DEFAULT-VALUE}.")
  private int textBytes = 200;

  @Option(
      names = "--timeline",
      paramLabel = "N",
      defaultValue = "20",
      description = "Posts of a timeline. Default: ${DEFAULT-VALUE}.")
  private int limit = 20;

  @Option(
      names = "--connections",
      paramLabel = "N",
      defaultValue = "4",
      description = "Connections to each address. Default: ${DEFAULT-VALUE}.")
  private int connections = 4;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "1",
      description = "Decides users, kinds and texts. Default: ${DEFAULT-VALUE}.")
  private long seed = 1;

  @Option(
      names = "--output",
      paramLabel = "FORMAT",
      defaultValue = "text",
      description = "text or json. Default: ${DEFAULT-VALUE}.")
  private OutputFormat output = OutputFormat.TEXT;

  @Override
  public Integer call() throws InterruptedException {
    check();
    Population users = population.population();
    String router = population.target().router();
    checkSetUp(users, router);
    Generator.Plan plan =
        new Generator.Plan(
            amount.clients,
            amount.rate,
            posts,
            textBytes,
            Duration.ofSeconds(warmUp),
            Duration.ofSeconds(seconds),
            seed);
    Destinations destinations =
        direct ? Destinations.located(router, users) : Destinations.routed(router, users);
    Watched watched = new Watched(population.target().installation());
    Recorder recorder;
    try (StarlingFeed feed =
        new StarlingFeed(
            new Loop(connections), users, destinations, limit, ClientOptions.DEFAULT_DEADLINE)) {
      recorder =
          new Generator(feed, plan, users.size())
              .run(begins -> {
                if (begins) {
                  watched.begin();
                } else {
                  watched.end();
                }
              });
    }
    Report report =
        new Report(
            amount.clients > 0
                ? "closed loop of %d clients".formatted(amount.clients)
                : "open loop of %.0f/s".formatted(amount.rate),
            direct ? "direct" : "through the router",
            seconds,
            Report.lines(recorder, seconds),
            watched.cpuSeconds(),
            watched.epochs());
    System.out.print(output == OutputFormat.JSON ? report.json() + "\n" : report.text());
    return ExitCode.DONE;
  }

  private void check() {
    require(amount.clients >= 0 && amount.clients <= 10_000, "--clients can be 1 to 10000");
    require(amount.rate >= 0 && amount.rate <= 1e6, "--rate can be 1 to 1000000");
    require(amount.clients > 0 || amount.rate > 0, "give --clients or --rate, more than zero");
    require(posts >= 0 && posts <= 100, "--posts can be 0 to 100");
    require(seconds >= 1 && seconds <= 3600, "--seconds can be 1 to 3600");
    require(warmUp >= 0 && warmUp <= 600, "--warm-up can be 0 to 600");
    require(textBytes >= 1 && textBytes <= 5000, "--text-bytes can be 1 to 5000");
    require(limit >= 1 && limit <= 200, "--timeline can be 1 to 200");
    require(connections >= 1 && connections <= 64, "--connections can be 1 to 64");
  }

  private static void checkSetUp(Population users, String router) {
    String last = users.name(users.size() - 1);
    try (StarlingClient client =
        StarlingClient.connect(ClientOptions.of(last).withRouters(java.util.List.of(router)))) {
      client.timeline(PostPage.newest(1));
    } catch (StarlingException e) {
      throw new StartException(
          ExitCode.FAILED,
          "the timeline of %s cannot be read (%s); start Starling and run 'bench setup' first"
              .formatted(last, e.getMessage()),
          e);
    }
  }
}
