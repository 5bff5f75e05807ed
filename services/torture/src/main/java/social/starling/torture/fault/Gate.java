package social.starling.torture.fault;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;

/**
 * Where one part dials one port of another: listens on an address of that pair and carries on what
 * comes to 127.0.0.1. Each connection has threads of its own. Thread-safe.
 *
 * <p>While bytes of either direction are cut, a new connection hangs, as it does when the packets
 * that open it are lost: connections of our own fill the queue of those that wait to be accepted,
 * and then the system answers no further ones.
 */
final class Gate implements AutoCloseable {

  private static final int BACKLOG = 16;
  private static final int PLUG_MILLIS = 20;
  private static final int CONNECT_MILLIS = 5_000;

  private final InetSocketAddress at;
  private final InetSocketAddress target;
  private final Link there;
  private final Link back;
  private final BooleanSupplier current;
  private final ServerSocket listener = new ServerSocket();
  private final Set<Connection> open = ConcurrentHashMap.newKeySet();
  private final Set<Thread> threads = ConcurrentHashMap.newKeySet();

  /** Local ports of the connections that fill the queue. Guarded by itself. */
  private final Set<Integer> plugs = new HashSet<>();

  /**
   * Begins to listen.
   *
   * @param at where the dialler finds it
   * @param target where it leads to
   * @param there bytes from the dialler to the target
   * @param back bytes from the target to the dialler
   * @param current whether the target has this port still
   */
  Gate(
      InetSocketAddress at,
      InetSocketAddress target,
      Link there,
      Link back,
      BooleanSupplier current)
      throws IOException {
    this.at = at;
    this.target = target;
    this.there = there;
    this.back = back;
    this.current = current;
    try {
      listener.setReuseAddress(true);
      listener.bind(at, BACKLOG);
    } catch (IOException e) {
      listener.close();
      throw e;
    }
    start(this::accept);
    plugIfCut();
  }

  private void start(Interruptible task) {
    Thread thread =
        Thread.ofVirtual()
            .name("gate-" + at)
            .unstarted(() -> {
              try {
                task.run();
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              } finally {
                threads.remove(Thread.currentThread());
              }
            });
    threads.add(thread);
    thread.start();
  }

  @FunctionalInterface
  private interface Interruptible {

    void run() throws InterruptedException;
  }

  private void accept() throws InterruptedException {
    while (!listener.isClosed()) {
      there.awaitHealed();
      back.awaitHealed();
      try {
        Socket dialled = listener.accept();
        if (isPlug(dialled)) {
          dialled.close();
        } else if (!current.getAsBoolean()) {
          Pump.reset(dialled);
        } else {
          start(() -> carry(dialled));
        }
      } catch (IOException e) {
        // It is closed, or this one connection was broken while it waited to be accepted.
      }
    }
  }

  private void carry(Socket dialled) throws InterruptedException {
    Socket onward = new Socket();
    Connection connection = new Connection(dialled, onward);
    open.add(connection);
    try {
      // A connection that was under way when the cut came waits like the others.
      there.awaitHealed();
      back.awaitHealed();
      dialled.setTcpNoDelay(true);
      onward.setTcpNoDelay(true);
      onward.connect(target, CONNECT_MILLIS);
      connection.carry(there, back);
    } catch (IOException e) {
      // Nobody listens there: the dialler sees a connection that breaks as soon as it may hear it.
      back.awaitHealed();
    } finally {
      connection.reset();
      open.remove(connection);
    }
  }

  /** To be called when one of the links may have been cut; returns at once. */
  void plugIfCut() {
    if (there.isCut() || back.isCut()) {
      start(this::plug);
    }
  }

  private void plug() {
    // One that accept() waits for, one more than the queue is said to hold, and one that hangs.
    boolean full = false;
    for (int i = 0; i < BACKLOG + 3 && !full; i++) {
      full = !plugOne();
    }
  }

  /** Whether the system still answered. */
  private boolean plugOne() {
    try (Socket plug = new Socket()) {
      int port;
      synchronized (plugs) {
        plug.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        port = plug.getLocalPort();
        plugs.add(port);
      }
      try {
        plug.connect(at, PLUG_MILLIS);
        return true;
      } catch (IOException e) {
        synchronized (plugs) {
          plugs.remove(port);
        }
        return false;
      }
    } catch (IOException e) {
      return false;
    }
  }

  private boolean isPlug(Socket dialled) {
    synchronized (plugs) {
      return plugs.remove(dialled.getPort());
    }
  }

  /** Breaks all connections that are open. */
  void reset() {
    open.forEach(Connection::reset);
  }

  /** Listens no longer; what is open goes on. */
  void retire() {
    try {
      listener.close();
    } catch (IOException e) {
      // Then nobody listens there either.
    }
  }

  @Override
  public void close() {
    retire();
    threads.forEach(Thread::interrupt);
    reset();
  }
}
