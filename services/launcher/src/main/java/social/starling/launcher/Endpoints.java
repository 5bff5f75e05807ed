package social.starling.launcher;

import java.util.stream.IntStream;

/**
 * The ports of one process, all on loopback.
 *
 * @param publicPort where users call; 0 when it has none
 * @param internalPort where other processes call; 0 when it has none
 * @param httpPort metrics, {@code /livez}, {@code /readyz}
 */
record Endpoints(int publicPort, int internalPort, int httpPort) {

  static final String HOST = "127.0.0.1";

  IntStream ports() {
    return IntStream.of(publicPort, internalPort, httpPort).filter(port -> port != 0);
  }

  /** The address that the process is known by: where users call it, or else where processes do. */
  String address() {
    return HOST + ":" + (publicPort != 0 ? publicPort : internalPort);
  }

  String internalAddress() {
    return HOST + ":" + internalPort;
  }
}
