package social.starling.torture.fault;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import social.starling.torture.installation.Recorded;

/**
 * Reads ports from {@code launcher.json}, again whenever it has changed. While it cannot be read,
 * what was read last holds. Thread-safe: everything is guarded by this object.
 */
final class LauncherPorts implements PortsOf {

  private final Path file;
  private Object version;
  private Map<String, Part> parts = Map.of();

  LauncherPorts(Path file) {
    this.file = file;
  }

  @Override
  public synchronized Optional<Part> of(String part) {
    try {
      BasicFileAttributes now = Files.readAttributes(file, BasicFileAttributes.class);
      // The launcher replaces the file as a whole, so its key tells one version from the next.
      Object found = List.of(now.lastModifiedTime(), now.size(), "" + now.fileKey());
      if (!found.equals(version)) {
        parts = read();
        version = found;
      }
    } catch (IOException | UncheckedIOException e) {
      version = null;
    }
    return Optional.ofNullable(parts.get(part));
  }

  private Map<String, Part> read() {
    return Recorded.read(file).map(Recorded::entries).orElse(List.of()).stream()
        .map(entry -> new Part(entry.name(), entry.publicPort(), entry.internalPort()))
        .collect(Collectors.toMap(Part::name, part -> part));
  }
}
