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

  public Part {
    Objects.requireNonNull(name, "name");
  }

  IntStream ports() {
    return IntStream.of(publicPort, internalPort).filter(port -> port != 0);
  }
}
