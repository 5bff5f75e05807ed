package social.starling.torture.nemesis;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import social.starling.torture.fault.Network;
import social.starling.torture.fault.Shim;
import social.starling.torture.history.Fault;
import social.starling.torture.installation.Installation;
import social.starling.torture.load.Notebook;

/**
 * Strikes in episodes until its time is over. An episode is one fault, or up to three that overlap
 * at random, until the last of them is taken back; then every cluster has to acknowledge a new
 * write within a bound, and mostly, before the next episode, everything has to be as it was at
 * first. One thread.
 */
public final class Nemesis {

  private static final Duration NEXT_WRITE = Duration.ofSeconds(60);
  private static final Duration HEALTHY = Duration.ofSeconds(120);
  private static final Duration LONGEST_OFFSET = Duration.ofSeconds(2);

  private final Installation installation;
  private final Strikes strikes;
  private final Network network;
  private final Notebook notebook;
  private final List<String> clusters;
  private final List<Kind> kinds;
  private final RandomGenerator random;
  private final Consumer<String> told;
  private final List<String> neverBack = new ArrayList<>();

  /**
   * One that has not struck yet.
   *
   * @param kinds those that may be chosen; at least one
   * @param told what happens, a line each
   */
  public Nemesis(
      Installation installation,
      Network network,
      Optional<Shim> shim,
      Notebook notebook,
      List<String> clusters,
      Set<Kind> kinds,
      RandomGenerator random,
      Consumer<String> told) {
    this.installation = installation;
    this.strikes = new Strikes(installation, clusters, network, shim);
    this.network = network;
    this.notebook = notebook;
    this.clusters = List.copyOf(clusters);
    this.kinds = List.copyOf(EnumSet.copyOf(kinds));
    this.random = random;
    this.told = told;
  }

  /**
   * Strikes until the time is over, and leaves everything taken back.
   *
   * @param goesOn asked between episodes
   */
  public void run(BooleanSupplier goesOn) throws InterruptedException {
    for (int episode = 1; goesOn.getAsBoolean(); episode++) {
      List<Strike> chosen = choose();
      told.accept(
          "%5.0f s  #%d  %s"
              .formatted(
                  notebook.now() / 1e9,
                  episode,
                  String.join("; ", chosen.stream().map(Strike::shown).toList())));
      strike(chosen);
      awaitWrites(episode);
      boolean lost = chosen.stream().anyMatch(strike -> strike.kind() == Kind.LOSE);
      if (lost || random.nextInt(6) > 0) {
        awaitHealth(episode, HEALTHY);
      }
    }
    network.healAll();
    awaitHealth(0, HEALTHY);
  }

  /** What did not come back in time, in sentences. */
  public List<String> neverBack() {
    return List.copyOf(neverBack);
  }

  private List<Strike> choose() {
    int number =
        switch (random.nextInt(10)) {
          case 0, 1, 2, 3, 4, 5 -> 1;
          case 6, 7, 8 -> 2;
          default -> 3;
        };
    List<Strike> chosen = new ArrayList<>();
    while (chosen.size() < number) {
      Strike strike = strikes.make(kind(), random);
      if (chosen.stream().noneMatch(other -> conflict(strike, other))) {
        Duration offset =
            chosen.isEmpty()
                ? Duration.ZERO
                : Duration.ofMillis(random.nextLong(LONGEST_OFFSET.toMillis()));
        chosen.add(strike.delayed(offset));
      } else {
        number--;
      }
    }
    return chosen;
  }

  /**
   * Whether two strikes at once would take both volumes of a cluster, which nothing survives, or
   * would each undo what the other does.
   */
  static boolean conflict(Strike one, Strike other) {
    boolean sameCluster = one.clusters().stream().anyMatch(other.clusters()::contains);
    boolean takesVolumes = takesVolume(one.kind()) && takesVolume(other.kind());
    boolean sameWorks = works(one.kind()).equals(works(other.kind())) && !isOwn(one.kind());
    return sameCluster && takesVolumes || sameWorks;
  }

  private static boolean takesVolume(Kind kind) {
    return kind == Kind.LOSE || kind == Kind.DISK_ERROR;
  }

  /** By what a strike acts, of which there is one for each part. */
  private static String works(Kind kind) {
    return switch (kind) {
      case CUT, DELAY, RESET -> "network";
      case DISK_SLOW, DISK_HANG, DISK_FULL, DISK_ERROR, CLOCK -> "shim";
      case KILL, STOP, TERM, SWITCHOVER, LOSE, POWER -> kind.word();
    };
  }

  private static boolean isOwn(Kind kind) {
    return switch (kind) {
      case KILL, STOP, TERM, SWITCHOVER -> true;
      case CUT, DELAY, RESET, DISK_SLOW, DISK_HANG, DISK_FULL, DISK_ERROR, CLOCK, LOSE, POWER ->
          false;
    };
  }

  private Kind kind() {
    int sum = kinds.stream().mapToInt(Kind::weight).sum();
    int chosen = random.nextInt(sum);
    for (Kind kind : kinds) {
      chosen -= kind.weight();
      if (chosen < 0) {
        return kind;
      }
    }
    throw new IllegalStateException("weights do not add up");
  }

  private void strike(List<Strike> chosen) throws InterruptedException {
    List<Strike> waiting = new ArrayList<>(chosen);
    waiting.sort(Comparator.comparing(Strike::after));
    List<Struck> struck = new ArrayList<>();
    long begun = notebook.now();
    try {
      while (!waiting.isEmpty() || !struck.isEmpty()) {
        long now = notebook.now();
        if (!waiting.isEmpty() && now - begun >= waiting.getFirst().after().toNanos()) {
          begin(waiting.removeFirst(), struck);
        }
        for (Struck one : List.copyOf(struck)) {
          if (now - one.begun() >= one.strike().lasts().toNanos()) {
            struck.remove(one);
            end(one);
          }
        }
        Thread.sleep(5);
      }
    } finally {
      for (Struck one : struck) {
        end(one);
      }
    }
  }

  private record Struck(Strike strike, long begun) {}

  private void begin(Strike strike, List<Struck> struck) throws InterruptedException {
    strike.prepare().run();
    Struck one = new Struck(strike, notebook.now());
    if (strike.begin().run()) {
      struck.add(one);
    } else {
      told.accept("         " + strike.kind().word() + ": not possible now, left out");
    }
  }

  private void end(Struck struck) throws InterruptedException {
    struck.strike().end().run();
    notebook.write(
        new Fault(
            struck.strike().kind().word(),
            struck.strike().targets(),
            struck.strike().detail(),
            struck.begun(),
            struck.strike().lasts().isZero() ? struck.begun() : notebook.now(),
            struck.strike().clusters()));
  }

  private void awaitWrites(int episode) throws InterruptedException {
    strikes.launcherIsUp();
    long since = notebook.now();
    Set<String> silent = new HashSet<>();
    boolean all =
        Installation.poll(
            NEXT_WRITE,
            () -> {
              silent.clear();
              clusters.stream()
                  .filter(cluster -> notebook.newestAcknowledged(cluster) < since)
                  .forEach(silent::add);
              return silent.isEmpty();
            });
    if (!all) {
      neverBack(
          "after episode %d no write of %s was acknowledged for %d s, though everything was taken back"
              .formatted(episode, String.join(", ", silent), NEXT_WRITE.toSeconds()));
    }
  }

  private void awaitHealth(int episode, Duration patience) throws InterruptedException {
    Set<String> ill = installation.awaitHealthy(patience);
    if (!ill.isEmpty()) {
      neverBack(
          "%s after %s everything was taken back: %s"
              .formatted(
                  patience.toSeconds() + " s",
                  episode == 0 ? "the end" : "episode " + episode,
                  String.join("; ", ill)));
    }
  }

  private void neverBack(String sentence) {
    neverBack.add(sentence);
    told.accept("         NOT BACK: " + sentence);
  }
}
