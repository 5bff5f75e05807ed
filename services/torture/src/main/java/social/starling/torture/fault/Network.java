package social.starling.torture.fault;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import social.starling.common.ExitCode;
import social.starling.common.StartException;

/**
 * A network between the parts of an installation on one machine, which can be cut, delayed and
 * broken between any two of them, in each direction.
 *
 * <p>The parts know each other as {@code NAME.DOMAIN}, and each resolves these names by a file of
 * its own ({@link #hostsFile}). In the file of part number <em>s</em> the name of part number
 * <em>t</em> stands for 127.s.t.1, where a proxy listens on the ports that <em>t</em> has on
 * 127.0.0.1 at that time, and carries connections on to there. So each ordered pair of dialler and
 * target has its own connections, whose bytes can be held back: nobody notices that, as nobody
 * notices lost packets, and once the link heals they flow on. New connections hang meanwhile.
 *
 * <p>Linux only: other systems have no 127.s.t.1 of their own accord. Thread-safe: gates are
 * guarded by this object; a thread of its own opens and closes them as ports change.
 */
public final class Network implements AutoCloseable {

  private static final Duration LOOK = Duration.ofMillis(20);
  private static final int MAX_PARTS = 250;

  private final Path dir;
  private final String domain;
  private final List<String> parts;
  private final PortsOf ports;
  private final Map<Pair, Link> links = new HashMap<>();
  private final Map<Place, Gate> gates = new HashMap<>();
  private final Map<Place, String> troubles = new TreeMap<>();
  private final List<Gate> retired = new ArrayList<>();
  private final Thread follower;
  private List<Part> known = List.of();
  private boolean closed;

  /** Bytes from the one to the other. */
  private record Pair(String from, String to) {}

  private record Place(String dialler, String target, int port) implements Comparable<Place> {

    @Override
    public int compareTo(Place other) {
      return toString().compareTo(other.toString());
    }
  }

  /**
   * Writes the hosts files and begins to listen wherever parts have ports already.
   *
   * @param dir gets the folder {@code hosts}
   * @param domain below which the parts know each other
   * @param parts all of them, listening or not; at most 250
   * @param ports where they listen; asked again and again
   * @throws StartException on another system than Linux
   * @throws IOException when the hosts files cannot be written
   */
  public Network(Path dir, String domain, List<String> parts, PortsOf ports) throws IOException {
    if (!System.getProperty("os.name").equals("Linux")) {
      throw new StartException(
          ExitCode.FAILED,
          "a network between processes of one machine needs Linux, and this is "
              + System.getProperty("os.name"));
    }
    if (parts.size() > MAX_PARTS) {
      throw new IllegalArgumentException(
          "%d parts; there can be %d".formatted(parts.size(), MAX_PARTS));
    }
    this.dir = dir;
    this.domain = domain;
    this.parts = List.copyOf(parts);
    this.ports = ports;
    for (String from : parts) {
      for (String to : parts) {
        links.put(new Pair(from, to), new Link());
      }
    }
    Files.createDirectories(dir.resolve("hosts"));
    for (String part : parts) {
      Files.write(hostsFile(part), hosts(part));
    }
    refresh();
    follower = Thread.ofVirtual().name("network-ports").start(this::follow);
  }

  /** The value of {@code -Djdk.net.hosts.file} for a part. */
  public Path hostsFile(String part) {
    number(part);
    return dir.resolve("hosts").resolve(part);
  }

  /** Where a part finds another, by number; for those who do not resolve names. */
  public String host(String dialler, String target) {
    return dialler.equals(target)
        ? "127.0.0.1"
        : "127.%d.%d.1".formatted(number(dialler), number(target));
  }

  /** Holds all bytes back that one part sends to another, whoever dialled, until that is healed. */
  public void cut(String from, String to) {
    link(from, to).cut();
    gatesBetween(from, to).forEach(Gate::plugIfCut);
  }

  /**
   * Bytes from one part to another take longer from now on.
   *
   * @param delay how much at least
   * @param jitter up to so much more, at random; the order stays
   */
  public void delay(String from, String to, Duration delay, Duration jitter) {
    link(from, to).delay(delay, jitter);
  }

  /** Breaks what is open between two parts, whoever dialled. */
  public void reset(String a, String b) {
    gatesBetween(a, b).forEach(Gate::reset);
  }

  /** Ends a cut and a delay; what was held back arrives now. */
  public void heal(String from, String to) {
    link(from, to).heal();
  }

  /** Ends all cuts and delays. */
  public void healAll() {
    links.values().forEach(Link::heal);
  }

  /** How many bytes one part has sent to another through this, held ones included. */
  public long bytes(String from, String to) {
    return link(from, to).bytes();
  }

  /** Why proxies are missing, in sentences; empty when none is. */
  public synchronized List<String> troubles() {
    return List.copyOf(troubles.values());
  }

  /** Looks at once whether ports have changed, and returns when the proxies have followed. */
  public synchronized void refresh() {
    if (closed) {
      return;
    }
    List<Part> listening = parts.stream().map(ports::of).flatMap(Optional::stream).toList();
    if (listening.equals(known) && troubles.isEmpty()) {
      return;
    }
    known = listening;
    Set<Place> wanted = new HashSet<>();
    for (Part target : listening) {
      parts.stream()
          .filter(dialler -> !dialler.equals(target.name()))
          .forEach(dialler ->
              target
                  .ports()
                  .mapToObj(port -> new Place(dialler, target.name(), port))
                  .forEach(wanted::add));
    }
    for (Place place : List.copyOf(gates.keySet())) {
      if (!wanted.contains(place)) {
        Gate gate = gates.remove(place);
        gate.retire();
        retired.add(gate);
      }
    }
    troubles.keySet().retainAll(wanted);
    wanted.stream().filter(place -> !gates.containsKey(place)).forEach(this::open);
  }

  private void open(Place place) {
    String host = host(place.dialler(), place.target());
    try {
      Gate gate =
          new Gate(
              new InetSocketAddress(host, place.port()),
              new InetSocketAddress("127.0.0.1", place.port()),
              link(place.dialler(), place.target()),
              link(place.target(), place.dialler()),
              () -> has(place.target(), place.port()));
      gates.put(place, gate);
      troubles.remove(place);
    } catch (IOException e) {
      troubles.put(
          place,
          "no proxy from %s to %s: cannot listen on %s:%d (%s)"
              .formatted(place.dialler(), place.target(), host, place.port(), e.getMessage()));
    }
  }

  private boolean has(String target, int port) {
    return ports.of(target).stream().flatMapToInt(Part::ports).anyMatch(now -> now == port);
  }

  private void follow() {
    try {
      while (true) {
        Thread.sleep(LOOK);
        refresh();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private synchronized List<Gate> gatesBetween(String a, String b) {
    return gates.entrySet().stream()
        .filter(entry -> {
          Place place = entry.getKey();
          return place.dialler().equals(a) && place.target().equals(b)
              || place.dialler().equals(b) && place.target().equals(a);
        })
        .map(Map.Entry::getValue)
        .toList();
  }

  private Link link(String from, String to) {
    return Optional.ofNullable(links.get(new Pair(from, to)))
        .orElseThrow(() ->
            new IllegalArgumentException(
                "%s or %s is none of the parts %s".formatted(from, to, parts)));
  }

  /** From 1 on. */
  private int number(String part) {
    int index = parts.indexOf(part);
    if (index < 0) {
      throw new IllegalArgumentException("%s is none of the parts %s".formatted(part, parts));
    }
    return index + 1;
  }

  private List<String> hosts(String part) {
    List<String> lines = new ArrayList<>();
    // A JVM with such a file resolves no name by other means.
    lines.add("127.0.0.1 localhost");
    for (String other : parts) {
      lines.add(host(part, other) + " " + other + "." + domain);
    }
    return lines;
  }

  /** Closes every connection and listens no longer. */
  @Override
  public void close() throws InterruptedException {
    follower.interrupt();
    follower.join();
    List<Gate> all;
    synchronized (this) {
      closed = true;
      all = Stream.concat(gates.values().stream(), retired.stream()).toList();
      gates.clear();
      retired.clear();
    }
    all.forEach(Gate::close);
  }
}
