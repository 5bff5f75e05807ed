package social.starling.common;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One session with each process that names lead to: a name of a headless service, which yields an
 * address for each of its pods, is looked up again and again.
 *
 * <ol>
 *   <li>Every address that is found gets a session. A name's addresses are taken for different
 *       processes, except that of both families IPv4 counts, and of loopback addresses the first.
 *   <li>A session ends when its address is no longer found and it is not connected: a name server
 *       that is wrong for a moment ends nothing that works.
 *   <li>While a name cannot be looked up, no session ends.
 * </ol>
 *
 * <p>Thread-safe. A platform thread looks names up, since that blocks it in the system; {@link
 * #all} never waits for it.
 *
 * @param <S> a session
 */
public final class Sessions<S extends Sessions.Session> implements AutoCloseable {

  /** A session, with one address. */
  public interface Session extends AutoCloseable {

    /** Called once, after it can be found among {@link #all}; must not block. */
    void start();

    /** Whether it works at this moment. */
    boolean connected();

    @Override
    void close();
  }

  /** Looks a host name up. */
  interface Resolver {

    List<InetAddress> addresses(String host) throws UnknownHostException;
  }

  private static final Logger LOG = LoggerFactory.getLogger(Sessions.class);

  /** While all is well. */
  private static final Duration PAUSE = Duration.ofSeconds(5);

  /** While a name is not found, or somebody is not connected. */
  private static final Duration PAUSE_AWAY = Duration.ofMillis(500);

  private static final int MAX_SESSIONS = 64;

  private final List<Address> names;
  private final Function<Address, S> opener;
  private final Resolver resolver;
  private final Map<Address, S> open = new LinkedHashMap<>();
  private final Thread thread;
  private final Set<String> unknown = new LinkedHashSet<>();
  private volatile List<S> all = List.of();
  private boolean closed;

  /**
   * Begins with {@link #start}.
   *
   * @param names hosts may be names or addresses
   * @param opener makes a session with an address; must not block
   */
  public Sessions(List<Address> names, Function<Address, S> opener) {
    this(names, opener, host -> Arrays.asList(InetAddress.getAllByName(host)));
  }

  Sessions(List<Address> names, Function<Address, S> opener, Resolver resolver) {
    this.names = List.copyOf(names);
    this.opener = opener;
    this.resolver = resolver;
    this.thread = Thread.ofPlatform().daemon().name("addresses").unstarted(this::live);
  }

  /** Opens a session with each literal address at once, and looks names up from now on. */
  public void start() {
    List<Address> literals = names.stream().filter(name -> literal(name).isPresent()).toList();
    change(new LinkedHashSet<>(literals), false);
    if (literals.size() < names.size()) {
      thread.start();
    }
  }

  /** The sessions as they are now. */
  public List<S> all() {
    return all;
  }

  /** Ends every session. */
  @Override
  public void close() {
    List<S> ending;
    synchronized (this) {
      closed = true;
      ending = new ArrayList<>(open.values());
      open.clear();
      all = List.of();
    }
    thread.interrupt();
    ending.forEach(Session::close);
  }

  private void live() {
    try {
      while (true) {
        boolean well = false;
        try {
          well = look();
        } catch (RuntimeException e) {
          LOG.atError().setCause(e).log("a fault in the program");
        }
        Thread.sleep(well ? PAUSE : PAUSE_AWAY);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Looks every name up once. True when all is well. */
  boolean look() {
    Set<Address> found = new LinkedHashSet<>();
    boolean complete = true;
    for (Address name : names) {
      try {
        found.addAll(addresses(name));
        if (unknown.remove(name.host())) {
          LOG.atInfo().addKeyValue("name", name).log("the name is found");
        }
      } catch (UnknownHostException e) {
        complete = false;
        if (unknown.add(name.host())) {
          LOG.atWarn()
              .addKeyValue("name", name)
              .addKeyValue("reason", e.getMessage())
              .log("the name is not found; it is looked up again and again");
        }
      }
    }
    change(found, complete);
    return complete && all.stream().allMatch(Session::connected);
  }

  private List<Address> addresses(Address name) throws UnknownHostException {
    if (literal(name).isPresent()) {
      return List.of(name);
    }
    List<InetAddress> yielded = resolver.addresses(name.host());
    List<InetAddress> four = yielded.stream().filter(Inet4Address.class::isInstance).toList();
    List<InetAddress> one = four.isEmpty() ? yielded : four;
    boolean loopback = one.stream().allMatch(InetAddress::isLoopbackAddress);
    return one.stream()
        .limit(loopback ? 1 : MAX_SESSIONS)
        .map(address -> new Address(address.getHostAddress(), name.port()))
        .toList();
  }

  private static Optional<InetAddress> literal(Address address) {
    try {
      return Optional.of(InetAddress.ofLiteral(address.host()));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  private void change(Set<Address> found, boolean complete) {
    List<S> ending = new ArrayList<>();
    List<S> beginning = new ArrayList<>();
    synchronized (this) {
      if (closed) {
        return;
      }
      if (complete) {
        open.entrySet()
            .removeIf(entry -> {
              boolean gone = !found.contains(entry.getKey()) && !entry.getValue().connected();
              if (gone) {
                ending.add(entry.getValue());
                LOG.atInfo().addKeyValue("address", entry.getKey()).log("nobody is there any more");
              }
              return gone;
            });
      }
      for (Address address : found) {
        if (open.size() < MAX_SESSIONS && !open.containsKey(address)) {
          S session = opener.apply(address);
          open.put(address, session);
          beginning.add(session);
        }
      }
      all = List.copyOf(open.values());
    }
    beginning.forEach(Session::start);
    ending.forEach(Session::close);
  }
}
