package social.starling.launcher;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.List;
import social.starling.common.ExitCode;
import social.starling.common.StartException;

/**
 * Where everything of one installation lies; the layout is in {@code docs/architecture.md}.
 *
 * @param root absolute path of the directory
 */
record DataDirectory(Path root) {

  DataDirectory {
    root = root.toAbsolutePath().normalize();
  }

  Path lockFile() {
    return root.resolve("launcher.lock");
  }

  Path stateFile() {
    return root.resolve("launcher.json");
  }

  Path credential() {
    return root.resolve("credential");
  }

  Path logs() {
    return root.resolve("logs");
  }

  Path log(String name) {
    return logs().resolve(name + ".log");
  }

  /** What a service's process gets besides the environment of its launcher. */
  EnvironmentFile environment(Service service) {
    return new EnvironmentFile(root.resolve("environment").resolve(service.name()));
  }

  /** The directory of a service's own data. A router has none and gets a name all the same. */
  Path of(Service service) {
    return root.resolve(service.name());
  }

  /**
   * Puts the directories of a forgotten cluster aside, so that another may have its name.
   *
   * @param services those of the cluster
   * @param suffix tells them from others of the same name that were put there before
   */
  void putAside(List<Service> services, String suffix) throws IOException {
    Path forgotten = Files.createDirectories(root.resolve("forgotten"));
    for (Service service : services) {
      if (Files.isDirectory(of(service))) {
        Files.move(of(service), forgotten.resolve(service.name() + "-" + suffix));
      }
    }
  }

  /**
   * Makes the directory and its logs folder where they are missing, and tries that it is writable.
   *
   * @throws StartException when it cannot be used
   */
  void create() {
    try {
      Files.createDirectories(logs());
      Path trial = Files.createTempFile(root, "trial", "");
      Files.delete(trial);
    } catch (IOException e) {
      throw new StartException(
          ExitCode.FAILED,
          "cannot keep data in %s: %s; choose another directory with --dir"
              .formatted(root, Reasons.of(e)));
    }
  }

  /**
   * Makes the credential that the processes show each other, unless it is there: 32 random bytes in
   * hexadecimal, readable by its owner only.
   */
  void createCredential() {
    if (Files.exists(credential())) {
      return;
    }
    byte[] random = new byte[32];
    new SecureRandom().nextBytes(random);
    try {
      Files.deleteIfExists(root.resolve("credential.new"));
      Path fresh = Files.createFile(root.resolve("credential.new"), ownerOnly());
      Files.writeString(fresh, HexFormat.of().formatHex(random) + "\n", StandardOpenOption.WRITE);
      Files.move(fresh, credential());
    } catch (FileAlreadyExistsException e) {
      // Another launcher was faster; the lock sorts out which of the two goes on.
      return;
    } catch (IOException e) {
      throw new StartException(
          ExitCode.FAILED, "cannot write %s: %s".formatted(credential(), Reasons.of(e)));
    }
  }

  private java.nio.file.attribute.FileAttribute<?>[] ownerOnly() {
    if (root.getFileSystem().supportedFileAttributeViews().contains("posix")) {
      return new java.nio.file.attribute.FileAttribute<?>[] {
        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"))
      };
    }
    return new java.nio.file.attribute.FileAttribute<?>[0];
  }
}
