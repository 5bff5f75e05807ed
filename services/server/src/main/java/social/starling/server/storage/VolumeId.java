package social.starling.server.storage;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.Optional;

/** The identity of what is on a volume: 32 hexadecimal digits in a file of its own. */
final class VolumeId {

  static final String FILE = "volume-id";

  private static final int BYTES = 16;

  private VolumeId() {}

  static String create() {
    byte[] random = new byte[BYTES];
    new SecureRandom().nextBytes(random);
    return HexFormat.of().formatHex(random);
  }

  static Optional<String> read(Path directory) throws IOException {
    try {
      return Optional.of(Files.readString(directory.resolve(FILE)).strip());
    } catch (NoSuchFileException e) {
      return Optional.empty();
    }
  }

  static boolean valid(String id) {
    return id.matches("[0-9a-f]{32}");
  }

  /** Replaces it, durably and at once: after a crash there is the old one or the new one. */
  static void write(Path directory, String id, Disk disk) throws IOException {
    Path next = directory.resolve(FILE + ".new");
    try (Disk.Out file = disk.open(next)) {
      file.truncate(0);
      file.write(ByteBuffer.wrap((id + "\n").getBytes(StandardCharsets.US_ASCII)), 0);
      file.sync();
    }
    disk.rename(next, directory.resolve(FILE));
    disk.syncDirectory(directory);
  }
}
