package social.starling.torture.fault;

import java.util.Objects;
import java.util.stream.IntStream;

/**
 * Where a part listens, on 127.0.0.1.
 *
 * @param name as in the installation, such as {@code alpha-1}
 * @param publicPort where users call; 0 when it has none
 * @param internalPort where other processes call; 0 when it has none
 */
public record Part(String name, int publicPort, int internalPort) {

  /** How the calls of a run's own clients appear in the network. */
  public static final String CLIENTS = "clients";

  public Part {
    Objects.requireNonNull(name, "name");
  }

  IntStream ports() {
    return IntStream.of(publicPort, internalPort).filter(port -> port != 0);
  }
}
