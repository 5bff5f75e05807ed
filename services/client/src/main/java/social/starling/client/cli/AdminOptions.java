package social.starling.client.cli;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import social.starling.common.Address;
import social.starling.common.Addresses;
import social.starling.common.Credential;
import social.starling.common.ExitCode;
import social.starling.common.StartException;

/** Where the coordinators are: said by {@code starling up} in its directory, or by flags. */
final class AdminOptions {

  @Option(
      names = "--dir",
      paramLabel = "DIR",
      defaultValue = "./data",
      description = "The directory of `starling up` (default: ./data).")
  private Path directory;

  @Option(
      names = "--coordinators",
      paramLabel = "HOST:PORT[,…]",
      description = "Internal addresses; default: those in DIR/launcher.json.")
  private String coordinators;

  @Option(
      names = "--credential",
      paramLabel = "FILE",
      description = "Of the internal ports; default: DIR/credential.")
  private Path credential;

  @Spec(Spec.Target.MIXEE)
  private CommandSpec command;

  /** The directory of `starling up`; empty when the coordinators are named instead. */
  Optional<Path> launched() {
    return coordinators == null ? Optional.of(directory) : Optional.empty();
  }

  /** Connects to the first coordinator that answers. */
  Coordinators connect() {
    return new Coordinators(
        coordinators == null ? recorded() : addresses(),
        Credential.read(credential == null ? directory.resolve("credential") : credential)
            .clientInterceptor());
  }

  private List<String> addresses() {
    try {
      return Addresses.parseList(coordinators).stream().map(Address::toString).toList();
    } catch (IllegalArgumentException e) {
      throw new ParameterException(command.commandLine(), "--coordinators: " + e.getMessage());
    }
  }

  private List<String> recorded() {
    Path file = directory.resolve("launcher.json");
    try {
      JsonElement content = JsonParser.parseString(Files.readString(file));
      List<String> addresses = new ArrayList<>();
      if (content instanceof JsonObject object
          && object.get("coordinators") instanceof JsonArray array) {
        array.forEach(each -> addresses.add(Addresses.parse(each.getAsString()).toString()));
      }
      if (!addresses.isEmpty()) {
        return addresses;
      }
      throw unusable(file, "it names no coordinators", null);
    } catch (NoSuchFileException e) {
      throw new StartException(
          ExitCode.USAGE,
          directory
              + " is no directory of `starling up`: it has no launcher.json; name another with"
              + " --dir, or the coordinators with --coordinators and --credential",
          e);
    } catch (IOException
        | JsonParseException
        | IllegalArgumentException
        | IllegalStateException
        | UnsupportedOperationException e) {
      throw unusable(file, e.getMessage(), e);
    }
  }

  private static StartException unusable(Path file, String why, Exception cause) {
    return new StartException(
        ExitCode.USAGE,
        file + " cannot be used: " + why + "; name the coordinators with --coordinators",
        cause);
  }
}
