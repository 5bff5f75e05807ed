package social.starling.bench.peer;

import java.io.IOException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.UserPrincipal;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import social.starling.common.ExitCode;
import social.starling.common.StartException;

/** For programs that refuse to run as root: they get a user without privileges. Immutable. */
public final class Unprivileged {

  private static final List<String> CANDIDATES = List.of("postgres", "nobody");

  private final Optional<UserPrincipal> user;

  private Unprivileged(Optional<UserPrincipal> user) {
    this.user = user;
  }

  /**
   * The user of this process; another one when that is root.
   *
   * @throws StartException when there is no other
   */
  public static Unprivileged user() {
    if (!"root".equals(System.getProperty("user.name"))) {
      return new Unprivileged(Optional.empty());
    }
    for (String name : CANDIDATES) {
      try {
        return new Unprivileged(
            Optional.of(
                FileSystems.getDefault()
                    .getUserPrincipalLookupService()
                    .lookupPrincipalByName(name)));
      } catch (IOException e) {
        // The next one, then.
      }
    }
    throw new StartException(
        ExitCode.FAILED,
        "PostgreSQL refuses to run as root, and there is none of the users " + CANDIDATES);
  }

  /** A command line that runs another as this user. */
  public List<String> command(List<String> command) {
    if (user.isEmpty()) {
      return command;
    }
    List<String> words = new ArrayList<>();
    String name = user.get().getName();
    words.addAll(List.of("setpriv", "--reuid", name, "--regid", group(name), "--clear-groups"));
    words.addAll(command);
    return words;
  }

  /**
   * Makes a folder and everything above it that is missing, for this user.
   *
   * @throws StartException when this user cannot get there
   */
  public void folder(Path folder) throws IOException {
    Files.createDirectories(folder);
    own(folder);
    if (user.isPresent() && !canWrite(folder)) {
      throw new StartException(
          ExitCode.USAGE,
          "user %s cannot enter %s; name a folder that others may enter, as one in /tmp"
              .formatted(user.get().getName(), folder));
    }
  }

  private boolean canWrite(Path folder) throws IOException {
    try {
      return new ProcessBuilder(command(List.of("test", "-w", folder.toString()))).start().waitFor()
          == 0;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  /** Gives a file to this user. */
  public void own(Path file) throws IOException {
    if (user.isPresent()) {
      Files.setOwner(file, user.get());
    }
  }

  private static String group(String user) {
    return user.equals("nobody") ? "nogroup" : user;
  }
}
