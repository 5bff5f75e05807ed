package social.starling.launcher;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.HashSet;
import java.util.Set;
import java.util.function.IntPredicate;
import social.starling.common.ExitCode;
import social.starling.common.StartException;

/**
 * Chooses free ports on loopback, upwards from a first one and none twice.
 *
 * <p>They stay below the range from which systems take the ports of outgoing connections where that
 * is possible: a port from that range could be taken while its process is down for a moment.
 * Confined to one thread.
 */
final class Ports {

  private static final int HIGHEST = 65_535;

  private final Set<Integer> given = new HashSet<>();
  private final IntPredicate free;
  private int next;

  Ports(int first) {
    this(first, Ports::isFree);
  }

  /** With another way to tell whether a port is free. */
  Ports(int first, IntPredicate free) {
    this.next = first;
    this.free = free;
  }

  /** Keeps a port from being chosen. */
  void reserve(int port) {
    given.add(port);
  }

  int choose() {
    for (int tried = 0; tried < HIGHEST; tried++) {
      int port = next;
      next = next >= HIGHEST ? 1024 : next + 1;
      if (!given.contains(port) && free.test(port)) {
        given.add(port);
        return port;
      }
    }
    throw new StartException(ExitCode.FAILED, "no port is free on " + Endpoints.HOST);
  }

  /** Whether a process could listen there now. */
  static boolean isFree(int port) {
    try (ServerSocket socket = new ServerSocket()) {
      socket.setReuseAddress(true);
      socket.bind(new InetSocketAddress(InetAddress.getByName(Endpoints.HOST), port));
      return true;
    } catch (IOException e) {
      return false;
    }
  }
}
