package social.starling.torture.fault;

import java.nio.file.Path;
import java.util.Optional;

/** Where parts listen now. Asked from several threads, many times a second. */
@FunctionalInterface
public interface PortsOf {

  /** Empty for a part that listens nowhere, or nowhere yet. */
  Optional<Part> of(String part);

  /** As a launcher records it in its {@code launcher.json}, which need not be there yet. */
  static PortsOf recordedIn(Path launcherJson) {
    return new LauncherPorts(launcherJson);
  }
}
