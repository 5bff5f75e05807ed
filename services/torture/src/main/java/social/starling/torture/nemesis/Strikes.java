package social.starling.torture.nemesis;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import social.starling.proto.coordinator.v1.Configuration;
import social.starling.torture.fault.Control;
import social.starling.torture.fault.Network;
import social.starling.torture.fault.Part;
import social.starling.torture.fault.PowerCut;
import social.starling.torture.fault.Shim;
import social.starling.torture.installation.Installation;

/**
 * Makes strikes: chooses targets by the state of the installation, and knows how to do it and how
 * to take it back. The choices come from the random generator that is passed; who is master when it
 * happens does not.
 */
final class Strikes {

  private static final Duration SETTLED = Duration.ofMillis(200);
  private static final Duration TERM_PATIENCE = Duration.ofSeconds(10);

  private final Installation installation;
  private final List<String> clusters;
  private final Network network;
  private final Optional<Shim> shim;
  private final Optional<PowerCut> power;

  Strikes(Installation installation, List<String> clusters, Network network, Optional<Shim> shim) {
    this.installation = installation;
    this.clusters = List.copyOf(clusters);
    this.network = network;
    this.shim = shim;
    this.power = shim.map(PowerCut::new);
  }

  /** One of a kind, beginning with its episode. */
  Strike make(Kind kind, RandomGenerator random) {
    return switch (kind) {
      case KILL -> kill(random);
      case STOP -> stop(random);
      case TERM -> term(random);
      case SWITCHOVER -> switchover(random);
      case CUT -> cut(random);
      case DELAY -> delay(random);
      case RESET -> reset(random);
      case DISK_SLOW, DISK_HANG, DISK_FULL, DISK_ERROR -> disk(kind, random);
      case CLOCK -> clock(random);
      case LOSE -> lose(random);
      case POWER -> power(random);
    };
  }

  private Strike strike(
      Kind kind,
      List<String> targets,
      String detail,
      Duration lasts,
      Strike.Begin begin,
      Strike.Step end) {
    return new Strike(
        kind, targets, detail, stopped(targets), Duration.ZERO, lasts, Strike.NOTHING, begin, end);
  }

  /** Clusters whose writes may stop when something happens to these. */
  private List<String> stopped(List<String> targets) {
    if (targets.contains(Installation.ROUTER) || targets.contains(Part.CLIENTS)) {
      return clusters;
    }
    return clusters.stream()
        .filter(cluster -> Installation.members(cluster).stream().anyMatch(targets::contains))
        .toList();
  }

  /** The member that is master now, as far as the coordinator tells. */
  private String master(String cluster) {
    return installation
        .configuration(cluster)
        .map(Configuration::getMaster)
        .filter(name -> !name.isEmpty())
        .orElse(Installation.members(cluster).getFirst());
  }

  private String slave(String cluster) {
    return Installation.other(master(cluster));
  }

  private String cluster(RandomGenerator random) {
    return clusters.get(random.nextInt(clusters.size()));
  }

  private List<String> servers() {
    return clusters.stream().flatMap(cluster -> Installation.members(cluster).stream()).toList();
  }

  private List<String> services() {
    return Stream.of(
            servers().stream(),
            clusters.stream().map(Installation::synchronizer),
            Stream.of(Installation.COORDINATOR, Installation.ROUTER))
        .flatMap(names -> names)
        .toList();
  }

  /** Some processes that something happens to at once. */
  private List<String> victims(RandomGenerator random) {
    String cluster = cluster(random);
    return switch (random.nextInt(16)) {
      case 0, 1, 2, 3, 4 -> List.of(master(cluster));
      case 5, 6 -> List.of(slave(cluster));
      case 7, 8 -> Installation.members(cluster);
      case 9 -> List.of(Installation.synchronizer(cluster));
      case 10 -> List.of(Installation.ROUTER);
      case 11 -> List.of(Installation.COORDINATOR);
      case 12 -> List.of(Installation.COORDINATOR, master(cluster));
      case 13 -> clusters.stream().map(this::master).toList();
      case 14 -> List.of(Installation.synchronizer(cluster), master(cluster));
      default -> services();
    };
  }

  private Strike kill(RandomGenerator random) {
    if (random.nextInt(12) == 0) {
      List<String> targets =
          random.nextBoolean()
              ? List.of(Installation.LAUNCHER)
              : List.of(Installation.LAUNCHER, master(cluster(random)));
      return strike(
          Kind.KILL,
          targets,
          "",
          between(random, 500, 4_000),
          () -> killed(targets),
          this::launcherBegins);
    }
    List<String> targets = victims(random);
    List<Way> slow = random.nextBoolean() ? betweenMembers(targets, random) : List.of();
    if (slow.isEmpty()) {
      return strike(Kind.KILL, targets, "", Duration.ZERO, () -> killed(targets), Strike.NOTHING);
    }
    return killInTheMiddle(targets, slow, between(random, 20, 250));
  }

  /** When the way to the other member is long, more is under way when a process dies. */
  private Strike killInTheMiddle(List<String> targets, List<Way> slow, Duration delay) {
    return strike(
            Kind.KILL,
            targets,
            "%s late by %d ms".formatted(shown(slow), delay.toMillis()),
            delay.multipliedBy(3),
            () -> killed(targets),
            () ->
                slow.forEach(
                    way -> network.delay(way.from(), way.to(), Duration.ZERO, Duration.ZERO)))
        .prepared(() -> {
          slow.forEach(way -> network.delay(way.from(), way.to(), delay, delay.dividedBy(4)));
          Thread.sleep(delay.multipliedBy(2).plus(SETTLED));
        });
  }

  private List<Way> betweenMembers(List<String> targets, RandomGenerator random) {
    return clusters.stream()
        .filter(cluster -> Installation.members(cluster).stream().anyMatch(targets::contains))
        .map(this::master)
        .flatMap(master -> between(random, master, Installation.other(master)).stream())
        .toList();
  }

  private boolean killed(List<String> targets) throws InterruptedException {
    installation.kill(targets);
    return true;
  }

  // Without waiting: what it finds standing still goes on only when another strike is taken back.
  private void launcherBegins() {
    if (!installation.isUp()) {
      installation.begin();
    }
  }

  /** Starts a launcher when there is none, and waits until everything is ready under it. */
  void launcherIsUp() throws InterruptedException {
    launcherBegins();
    installation.awaitReady();
  }

  private Strike stop(RandomGenerator random) {
    List<String> targets = victims(random);
    List<ProcessHandle> stopped = Collections.synchronizedList(new ArrayList<>());
    return strike(
        Kind.STOP,
        targets,
        "",
        between(random, 300, random.nextInt(4) == 0 ? 12_000 : 5_000),
        () -> {
          for (String target : targets) {
            Optional<ProcessHandle> process = installation.process(target);
            if (process.isPresent()) {
              Installation.signal(process.get(), "STOP");
              stopped.add(process.get());
            }
          }
          return true;
        },
        () -> {
          for (ProcessHandle process : stopped) {
            Installation.signal(process, "CONT");
          }
        });
  }

  private Strike term(RandomGenerator random) {
    List<String> targets = List.of(services().get(random.nextInt(services().size())));
    return strike(
        Kind.TERM,
        targets,
        "",
        Duration.ZERO,
        () -> {
          Optional<ProcessHandle> process = installation.process(targets.getFirst());
          if (process.isPresent()) {
            Installation.signal(process.get(), "TERM");
            Installation.poll(TERM_PATIENCE, () -> !process.get().isAlive());
          }
          return process.isPresent();
        },
        Strike.NOTHING);
  }

  private Strike switchover(RandomGenerator random) {
    String cluster = cluster(random);
    return strike(
        Kind.SWITCHOVER,
        Installation.members(cluster),
        "",
        Duration.ZERO,
        () -> installation.switchover(cluster),
        Strike.NOTHING);
  }

  /** Bytes from one part to another. */
  private record Way(String from, String to) {
    String shown() {
      return from + "→" + to;
    }
  }

  private List<Way> ways(RandomGenerator random) {
    String cluster = cluster(random);
    String master = master(cluster);
    String slave = Installation.other(master);
    String synchronizer = Installation.synchronizer(cluster);
    String peer = Installation.synchronizer(cluster(random));
    return switch (random.nextInt(14)) {
      case 0 -> between(random, master, slave);
      case 1 -> between(random, master, Installation.COORDINATOR);
      case 2 -> between(random, slave, Installation.COORDINATOR);
      case 3 -> around(random, master);
      case 4 -> around(random, slave);
      case 5 -> around(random, Installation.COORDINATOR);
      case 6 -> between(random, Part.CLIENTS, master);
      case 7 -> between(random, Installation.ROUTER, master);
      case 8 -> between(random, synchronizer, master);
      case 9 ->
          peer.equals(synchronizer)
              ? around(random, synchronizer)
              : between(random, synchronizer, peer);
      case 10 -> between(random, Installation.ROUTER, Installation.COORDINATOR);
      case 11, 12 -> aloneWithClients(random, master);
      default -> split(random);
    };
  }

  /** Both ways, or one of them. */
  private static List<Way> between(RandomGenerator random, String one, String other) {
    return switch (random.nextInt(4)) {
      case 0 -> List.of(new Way(one, other));
      case 1 -> List.of(new Way(other, one));
      default -> List.of(new Way(one, other), new Way(other, one));
    };
  }

  private List<Way> around(RandomGenerator random, String part) {
    int ways = random.nextInt(4);
    return Stream.concat(services().stream(), Stream.of(Part.CLIENTS))
        .filter(other -> !other.equals(part))
        .flatMap(other -> {
          List<Way> both = List.of(new Way(part, other), new Way(other, part));
          return ways < 2 ? Stream.of(both.get(ways)) : both.stream();
        })
        .toList();
  }

  /** Only those who might take over, or tell who is master, are out of reach. */
  private List<Way> aloneWithClients(RandomGenerator random, String master) {
    return Stream.of(Installation.other(master), Installation.COORDINATOR)
        .flatMap(other -> between(random, master, other).stream())
        .toList();
  }

  private List<Way> split(RandomGenerator random) {
    List<String> all = new ArrayList<>(services());
    all.add(Part.CLIENTS);
    List<String> here = all.stream().filter(_ -> random.nextBoolean()).toList();
    return here.stream()
        .flatMap(one ->
            all.stream()
                .filter(other -> !here.contains(other))
                .flatMap(other -> Stream.of(new Way(one, other), new Way(other, one))))
        .toList();
  }

  /** For a person: every way, or a summary of many. */
  private static String shown(List<Way> ways) {
    return ways.size() <= 4
        ? String.join(" ", ways.stream().map(Way::shown).toList())
        : "%d ways".formatted(ways.size());
  }

  private static List<String> ends(List<Way> ways) {
    if (ways.size() <= 4) {
      return ways.stream().flatMap(way -> Stream.of(way.from(), way.to())).distinct().toList();
    }
    return ways.stream().map(Way::from).distinct().toList();
  }

  private Strike cut(RandomGenerator random) {
    List<Way> ways = ways(random);
    return strike(
        Kind.CUT,
        ends(ways),
        shown(ways),
        between(random, 300, random.nextInt(4) == 0 ? 12_000 : 5_000),
        () -> {
          ways.forEach(way -> network.cut(way.from(), way.to()));
          return !ways.isEmpty();
        },
        () -> ways.forEach(way -> network.heal(way.from(), way.to())));
  }

  private Strike delay(RandomGenerator random) {
    List<Way> ways = ways(random);
    Duration delay = between(random, 2, random.nextBoolean() ? 60 : 400);
    Duration jitter = delay.dividedBy(random.nextInt(1, 5));
    return strike(
        Kind.DELAY,
        ends(ways),
        "%s by %d ms".formatted(shown(ways), delay.toMillis()),
        between(random, 1_000, 8_000),
        () -> {
          ways.forEach(way -> network.delay(way.from(), way.to(), delay, jitter));
          return !ways.isEmpty();
        },
        () -> ways.forEach(way -> network.heal(way.from(), way.to())));
  }

  private Strike reset(RandomGenerator random) {
    List<Way> ways = ways(random);
    return strike(
        Kind.RESET,
        ends(ways),
        shown(ways),
        Duration.ZERO,
        () -> {
          ways.forEach(way -> network.reset(way.from(), way.to()));
          return !ways.isEmpty();
        },
        Strike.NOTHING);
  }

  private Control control(String part) {
    return shim.orElseThrow().control(part);
  }

  private Strike disk(Kind kind, RandomGenerator random) {
    String cluster = cluster(random);
    boolean both = kind != Kind.DISK_ERROR && random.nextInt(5) == 0;
    List<String> targets;
    if (both) {
      targets = Installation.members(cluster);
    } else if (kind != Kind.DISK_ERROR && random.nextInt(8) == 0) {
      targets = List.of(Installation.COORDINATOR);
    } else {
      targets = List.of(random.nextInt(3) == 0 ? slave(cluster) : master(cluster));
    }
    Duration each = between(random, 5, 300);
    Consumer<Control> change =
        switch (kind) {
          case DISK_SLOW -> control -> control.slow(each);
          case DISK_HANG -> Control::hang;
          case DISK_FULL -> Control::full;
          case DISK_ERROR -> Control::failing;
          case KILL, STOP, TERM, SWITCHOVER, CUT, DELAY, RESET, CLOCK, LOSE, POWER ->
              throw new IllegalArgumentException(kind.word());
        };
    return strike(
        kind,
        targets,
        kind == Kind.DISK_SLOW ? each.toMillis() + " ms each" : "",
        between(random, 500, 6_000),
        () -> {
          targets.forEach(target -> change.accept(control(target)));
          return true;
        },
        () -> targets.forEach(target -> control(target).clear()));
  }

  private Strike clock(RandomGenerator random) {
    List<String> targets =
        switch (random.nextInt(4)) {
          case 0 -> Installation.members(cluster(random));
          case 1 -> List.of(slave(cluster(random)));
          default -> List.of(master(cluster(random)));
        };
    long[] most = {100, 5_000, 600_000, 2 * 86_400_000L};
    long millis = random.nextLong(1, most[random.nextInt(most.length)]);
    Duration offset = Duration.ofMillis(random.nextBoolean() ? millis : -millis);
    return strike(
        Kind.CLOCK,
        targets,
        String.format(Locale.ROOT, "by %+.3f s", offset.toMillis() / 1000.0),
        between(random, 1_000, 10_000),
        () -> {
          targets.forEach(target -> control(target).clock(offset));
          return true;
        },
        () -> targets.forEach(target -> control(target).clear()));
  }

  private Strike lose(RandomGenerator random) {
    String cluster = cluster(random);
    String victim = random.nextBoolean() ? master(cluster) : slave(cluster);
    return strike(
        Kind.LOSE,
        List.of(victim),
        "",
        Duration.ZERO,
        () -> withoutLauncher(() -> loseDirectory(victim)),
        Strike.NOTHING);
  }

  // Once it is dead and the other member is recorded in sync, nothing can make it the only copy:
  // only it itself could ask to be alone, and what it asked before it died has been answered.
  private boolean loseDirectory(String victim) throws InterruptedException {
    String other = Installation.other(victim);
    if (!isInSync(other)) {
      return false;
    }
    installation.kill(List.of(victim));
    if (!isInSync(other)) {
      return false;
    }
    Path directory = installation.directory().resolve(victim);
    Path lost = installation.directory().resolve("lost-" + victim);
    try {
      delete(lost);
      Files.move(directory, lost);
      delete(lost);
      if (power.isPresent()) {
        power.get().forget(victim);
      }
      return true;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private boolean isInSync(String member) {
    return installation
        .configuration(Installation.clusterOf(member))
        .filter(configuration ->
            configuration.getInSyncList().stream().anyMatch(one -> one.getMember().equals(member)))
        .isPresent();
  }

  private static void delete(Path folder) throws IOException {
    if (!Files.exists(folder)) {
      return;
    }
    Files.walkFileTree(
        folder,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            Files.deleteIfExists(file);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path directory, IOException failure)
              throws IOException {
            Files.deleteIfExists(directory);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFileFailed(Path file, IOException failure)
              throws IOException {
            if (failure instanceof NoSuchFileException) {
              return FileVisitResult.CONTINUE;
            }
            throw failure;
          }
        });
  }

  private Strike power(RandomGenerator random) {
    String cluster = cluster(random);
    List<String> targets =
        switch (random.nextInt(6)) {
          case 0, 1 -> List.of(master(cluster));
          case 2 -> List.of(slave(cluster));
          case 3 -> Installation.members(cluster);
          case 4 -> List.of(Installation.COORDINATOR, master(cluster));
          default ->
              Stream.concat(servers().stream(), Stream.of(Installation.COORDINATOR)).toList();
        };
    boolean everything = random.nextBoolean();
    Duration slow = random.nextBoolean() ? between(random, 20, 400) : Duration.ZERO;
    RandomGenerator how = new SplittableRandom(random.nextLong());
    return strike(
            Kind.POWER,
            targets,
            (everything ? "all that was not synced" : "some of what was not synced")
                + (slow.isZero() ? "" : ", %d ms each".formatted(slow.toMillis())),
            Duration.ZERO,
            () ->
                withoutLauncher(() -> {
                  installation.kill(targets);
                  targets.forEach(target -> control(target).slow(Duration.ZERO));
                  for (String target : targets) {
                    rollBack(target, how, everything);
                  }
                  return true;
                }),
            Strike.NOTHING)
        .prepared(() -> {
          // On a slow disk more is not synced when the power goes.
          targets.forEach(target -> control(target).slow(slow));
          Thread.sleep(slow.multipliedBy(4));
        });
  }

  private void rollBack(String part, RandomGenerator random, boolean everything) {
    try {
      power.orElseThrow().rollBack(part, random, everything);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** What is done while the launcher starts nothing again. */
  private boolean withoutLauncher(Strike.Begin action) throws InterruptedException {
    Optional<ProcessHandle> launcher = installation.process(Installation.LAUNCHER);
    if (launcher.isEmpty()) {
      return action.run();
    }
    Installation.signal(launcher.get(), "STOP");
    try {
      return action.run();
    } finally {
      Installation.signal(launcher.get(), "CONT");
    }
  }

  private static Duration between(RandomGenerator random, long least, long most) {
    return Duration.ofMillis(random.nextLong(least, most));
  }
}
