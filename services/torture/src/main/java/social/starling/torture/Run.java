package social.starling.torture;

import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import social.starling.client.StarlingException;
import social.starling.common.ExitCode;
import social.starling.common.StartException;
import social.starling.torture.fault.Network;
import social.starling.torture.fault.Part;
import social.starling.torture.fault.PortsOf;
import social.starling.torture.fault.Shim;
import social.starling.torture.history.HistoryWriter;
import social.starling.torture.installation.Distribution;
import social.starling.torture.installation.Installation;
import social.starling.torture.load.Crowd;
import social.starling.torture.load.Inventory;
import social.starling.torture.load.Notebook;
import social.starling.torture.nemesis.Kind;
import social.starling.torture.nemesis.Nemesis;

/** One run, from an empty directory to a history that can be checked. */
final class Run {

  static final String DOMAIN = "starling.test";

  private static final Duration CALL = Duration.ofSeconds(30);
  private static final Duration HEALTHY = Duration.ofSeconds(60);
  private static final Duration STATUS = Duration.ofSeconds(15);

  /**
   * What is asked of a run.
   *
   * @param directory of this run alone; it may be missing or empty
   * @param clusters names of the clusters, as the launcher gives them
   * @param rate calls a second, about
   * @param kinds faults that may happen
   */
  record Settings(
      Path directory,
      long seed,
      Duration length,
      List<String> clusters,
      double rate,
      Set<Kind> kinds,
      int routerPort) {

    /** The command that makes such a run again. */
    String again() {
      StringBuilder command =
          new StringBuilder("starling torture --seed %d --minutes ".formatted(seed))
              .append(number(length.toMillis() / 60_000.0))
              .append(" --clusters ")
              .append(clusters.size())
              .append(" --rate ")
              .append(number(rate));
      if (kinds.size() < Kind.values().length) {
        command
            .append(" --faults ")
            .append(kinds.stream().map(Kind::word).collect(Collectors.joining(",")));
      }
      return command.toString();
    }

    private static String number(double value) {
      return BigDecimal.valueOf(value).stripTrailingZeros().toPlainString();
    }
  }

  /**
   * What came of it, besides the history.
   *
   * @param neverBack what did not come back though every fault was taken back
   * @param leftOut faults that this machine cannot have, with why
   */
  record Outcome(List<String> neverBack, List<String> leftOut) {}

  private final Settings settings;
  private final Consumer<String> told;
  private final AtomicBoolean stopped;

  /**
   * A run that has not begun.
   *
   * @param told what happens, a line each
   * @param stopped true when a person wants it to end early
   */
  Run(Settings settings, Consumer<String> told, AtomicBoolean stopped) {
    this.settings = settings;
    this.told = told;
    this.stopped = stopped;
  }

  /** The parts between which there is a network, in the order of their numbers. */
  static List<String> parts(List<String> clusters) {
    return Stream.concat(
            Stream.of(Part.CLIENTS, Installation.COORDINATOR, Installation.ROUTER),
            clusters.stream()
                .flatMap(cluster ->
                    Stream.concat(
                        Installation.members(cluster).stream(),
                        Stream.of(Installation.synchronizer(cluster)))))
        .toList();
  }

  /** Where the names of the others are for a part. */
  static Path hosts(Path directory, String part) {
    return data(directory).resolve("hosts").resolve(part);
  }

  private static Path data(Path directory) {
    return directory.resolve("data");
  }

  /** Runs it, and writes its history. */
  Outcome run(HistoryWriter writer) throws InterruptedException, IOException {
    List<String> leftOut = new ArrayList<>();
    List<String> parts = parts(settings.clusters());
    Path data = Files.createDirectories(data(settings.directory()));
    Optional<Shim> shim =
        settings.kinds().stream().anyMatch(Kind::needsShim)
            ? Shim.build(
                Files.createDirectories(settings.directory().resolve("shim")), leftOut::add)
            : Optional.empty();
    Set<Kind> kinds = EnumSet.copyOf(settings.kinds());
    if (shim.isEmpty()) {
      kinds.removeIf(Kind::needsShim);
    }
    leftOut.forEach(told);
    if (kinds.isEmpty()) {
      throw new StartException(
          ExitCode.FAILED, "none of the faults that were asked for can be had on this machine");
    }
    Installation installation =
        new Installation(
            Distribution.current(),
            data,
            settings.clusters().size(),
            settings.routerPort(),
            Optional.of(DOMAIN));
    try (Network network =
            new Network(data, DOMAIN, parts, PortsOf.recordedIn(data.resolve("launcher.json")));
        installation) {
      for (String part : parts) {
        prepare(data, part, network, shim);
      }
      told.accept("starting %d clusters ...".formatted(settings.clusters().size()));
      installation.up();
      Set<String> ill = installation.awaitHealthy(HEALTHY);
      if (!ill.isEmpty()) {
        throw new StartException(
            ExitCode.FAILED,
            "the installation did not become whole before the first fault: " + ill);
      }
      return torture(installation, network, shim, kinds, writer, leftOut);
    }
  }

  private static void prepare(Path data, String part, Network network, Optional<Shim> shim)
      throws IOException {
    Path hosts = network.hostsFile(part);
    if (part.equals(Part.CLIENTS)) {
      return;
    }
    List<String> lines = new ArrayList<>();
    lines.add("JDK_JAVA_OPTIONS=-Djdk.net.hosts.file=" + hosts);
    boolean hasVolume = !part.equals(Installation.ROUTER) && !part.endsWith("-synchronizer");
    if (shim.isPresent() && hasVolume) {
      shim.get()
          .environment(part, data.resolve(part))
          .forEach((name, value) -> lines.add(name + "=" + value));
    }
    Files.write(Files.createDirectories(data.resolve("environment")).resolve(part), lines);
  }

  private Outcome torture(
      Installation installation,
      Network network,
      Optional<Shim> shim,
      Set<Kind> kinds,
      HistoryWriter writer,
      List<String> leftOut)
      throws InterruptedException {
    SplittableRandom random = new SplittableRandom(settings.seed());
    Function<String, String> homes = installation.homes();
    long origin = System.nanoTime();
    LongSupplier now = () -> System.nanoTime() - origin;
    Notebook notebook = new Notebook(writer, now, homes);
    Crowd crowd =
        new Crowd(
            new Crowd.Entrance(List.of(installation.router()), true, 0),
            settings.clusters(),
            homes,
            CALL,
            Crowd.Pace.of(settings.rate(), settings.clusters().size()),
            notebook,
            random.split());
    try (crowd) {
      crowd.begin();
      long length = notebook.now() + settings.length().toNanos();
      told.accept("%d people are at work".formatted(crowd.people().size()));
      Nemesis nemesis =
          new Nemesis(
              installation,
              network,
              shim,
              notebook,
              settings.clusters(),
              kinds,
              random.split(),
              told);
      try (StatusLine line = StatusLine.begin(STATUS, notebook, told)) {
        nemesis.run(() -> notebook.now() < length && !stopped.get());
      }
      told.accept("no more faults; letting everybody finish ...");
      List<String> neverBack = new ArrayList<>(nemesis.neverBack());
      try {
        crowd.endWork();
      } catch (TimeoutException e) {
        neverBack.add("calls do not end: " + e.getMessage());
      }
      crowd.failures().stream()
          .map(failure -> "a client of the run failed: " + failure)
          .forEach(neverBack::add);
      Inventory inventory =
          new Inventory(
              new Inventory.Place(
                  List.of(installation.router()), Installation::members, installation::digest),
              crowd,
              notebook,
              settings.clusters());
      told.accept("reading everything back ...");
      crowd.people().forEach(writer::home);
      try {
        writer.stored(inventory.take(neverBack::add));
      } catch (StarlingException | StatusRuntimeException e) {
        neverBack.add("what is stored cannot be read in the end: " + e.getMessage());
      }
      writer.end(now.getAsLong());
      return new Outcome(neverBack, leftOut);
    }
  }
}
