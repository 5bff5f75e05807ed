package social.starling.common;

import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.TreeSet;
import picocli.CommandLine;
import picocli.CommandLine.IDefaultValueProvider;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.OptionSpec;

/** What the environment and the configuration file say where no flag does. */
final class Settings implements IDefaultValueProvider {

  private static final String PREFIX = "STARLING_";
  private static final Set<String> OWN = Set.of("help", "version", "config");

  private final Map<String, String> environment;
  private final Map<String, String> file;

  private Settings(Map<String, String> environment, Map<String, String> file) {
    this.environment = environment;
    this.file = file;
  }

  /** Gives the command and its subcommands their defaults. */
  static void install(CommandLine line, String[] args, Map<String, String> environment) {
    Set<String> known = new TreeSet<>();
    collect(line, known);
    checkEnvironment(environment, known);
    Optional<Path> path = configFile(args, environment, known);
    Map<String, String> file = path.isPresent() ? read(path.get(), known) : Map.of();
    apply(line, new Settings(environment, file));
  }

  @Override
  public String defaultValue(ArgSpec spec) {
    if (!(spec instanceof OptionSpec option) || OWN.contains(key(option))) {
      return null;
    }
    String key = key(option);
    String value = environment.get(variable(key));
    return value != null ? value : file.get(key);
  }

  private static void collect(CommandLine line, Set<String> known) {
    line.getCommandSpec().options().forEach(option -> known.add(key(option)));
    distinct(line).forEach(sub -> collect(sub, known));
  }

  private static void apply(CommandLine line, Settings settings) {
    line.getCommandSpec().defaultValueProvider(settings);
    distinct(line).forEach(sub -> apply(sub, settings));
  }

  private static Collection<CommandLine> distinct(CommandLine line) {
    return Set.copyOf(line.getSubcommands().values());
  }

  // The file must be known before the command line is parsed, as it gives defaults to the parser.
  private static Optional<Path> configFile(
      String[] args, Map<String, String> environment, Set<String> known) {
    if (!known.contains("config")) {
      return Optional.empty();
    }
    for (int i = 0; i < args.length && !args[i].equals("--"); i++) {
      if (args[i].startsWith("--config=")) {
        return Optional.of(Path.of(args[i].substring("--config=".length())));
      }
      if (args[i].equals("--config") && i + 1 < args.length) {
        return Optional.of(Path.of(args[i + 1]));
      }
    }
    return Optional.ofNullable(environment.get(PREFIX + "CONFIG")).map(Path::of);
  }

  private static Map<String, String> read(Path path, Set<String> known) {
    Properties properties = new Properties();
    try (Reader reader = Files.newBufferedReader(path)) {
      properties.load(reader);
    } catch (IOException | IllegalArgumentException e) {
      throw new StartException(
          ExitCode.USAGE,
          "the configuration file " + path + " cannot be read (" + e.getMessage() + ")",
          e);
    }
    Map<String, String> values = new HashMap<>();
    for (String key : properties.stringPropertyNames()) {
      if (!known.contains(key) || OWN.contains(key)) {
        throw new StartException(
            ExitCode.USAGE,
            "the configuration file " + path + " has the key '" + key + "', which is no flag here");
      }
      values.put(key, properties.getProperty(key).strip());
    }
    return values;
  }

  private static void checkEnvironment(Map<String, String> environment, Set<String> known) {
    for (String name : environment.keySet()) {
      if (!name.startsWith(PREFIX) || setByKubernetes(name, environment.get(name))) {
        continue;
      }
      String key = name.substring(PREFIX.length());
      for (String flag : known) {
        String expected = variable(flag).substring(PREFIX.length());
        if (expected.length() > 4 && !known.contains(flagOf(key)) && near(key, expected)) {
          throw new StartException(
              ExitCode.USAGE,
              "the environment variable "
                  + name
                  + " is not known; did you mean "
                  + variable(flag)
                  + "?");
        }
      }
    }
  }

  // A service named starling-x puts STARLING_X_SERVICE_HOST, STARLING_X_PORT=tcp://… everywhere.
  private static boolean setByKubernetes(String name, String value) {
    return name.contains("_SERVICE_") || value.startsWith("tcp://") || name.contains("_TCP");
  }

  private static boolean near(String a, String b) {
    if (Math.abs(a.length() - b.length()) > 1) {
      return false;
    }
    int i = 0;
    while (i < Math.min(a.length(), b.length()) && a.charAt(i) == b.charAt(i)) {
      i++;
    }
    int j = 0;
    while (j < Math.min(a.length(), b.length()) - i
        && a.charAt(a.length() - 1 - j) == b.charAt(b.length() - 1 - j)) {
      j++;
    }
    // What differs in the middle is one letter, or two that changed places.
    String left = a.substring(i, a.length() - j);
    String right = b.substring(i, b.length() - j);
    return left.length() <= 1 && right.length() <= 1
        || left.length() == 2 && new StringBuilder(left).reverse().toString().equals(right);
  }

  private static String key(OptionSpec option) {
    return option.longestName().replaceFirst("^-+", "");
  }

  private static String variable(String key) {
    return PREFIX + key.toUpperCase(Locale.ROOT).replace('-', '_');
  }

  private static String flagOf(String variable) {
    return variable.toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
