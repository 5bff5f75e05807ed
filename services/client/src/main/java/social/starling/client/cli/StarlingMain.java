package social.starling.client.cli;

import io.grpc.netty.shaded.io.netty.util.internal.logging.InternalLoggerFactory;
import io.grpc.netty.shaded.io.netty.util.internal.logging.JdkLoggerFactory;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.function.Predicate;
import java.util.logging.LogManager;
import java.util.stream.Stream;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.UsageMessageSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import social.starling.common.Durations;
import social.starling.common.ExitCode;
import social.starling.common.ProcessMain;
import social.starling.common.Version;

/** The {@code starling} command. */
@Command(
    name = "starling",
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "COMMAND",
    description = {
      "A microblog that does not lose what it acknowledged.",
      "`starling -u NAME` opens the interactive client."
    })
public final class StarlingMain implements Callable<Integer> {

  private static final Map<String, String> EXIT_CODES =
      new TreeMap<>(
          Map.of(
              "0", "done",
              "1", "failed: refused, or not answered before the deadline",
              "2", "usage or configuration error, or input outside the limits: nothing was sent",
              "3", "refused: state, lock or format (up, down)",
              "4", "storage failed (up)",
              "130", "interrupted",
              "141", "the reader of the output left"));

  @Mixin private UserOption user;
  @Mixin private ConnectionOptions connection;

  @Spec private CommandSpec spec;

  private final Io io;

  private StarlingMain(Io io) {
    this.io = io;
  }

  /** Runs and exits. */
  public static void main(String[] args) {
    // Libraries log by java.util.logging: what a person needs to know they get as a sentence.
    LogManager.getLogManager().reset();
    // It would set up Logback, for nobody to read and a fifth of the start-up time.
    InternalLoggerFactory.setDefaultFactory(JdkLoggerFactory.INSTANCE);
    ProcessMain.forgetNamesSoon();
    System.exit(run(Io.system(), args));
  }

  /** Runs and returns the exit code. */
  static int run(Io io, String... args) {
    CommandLine line = commandLine(io, List.of(args));
    line.setOut(io.out().writer());
    line.setErr(io.err().writer());
    boolean json = wantsJson(args);
    boolean verbose = Arrays.asList(args).contains("--verbose");
    line.setParameterExceptionHandler((e, given) -> misused(io, e, json));
    line.setExecutionExceptionHandler((e, failing, parsed) -> {
      LoggerFactory.getLogger(StarlingMain.class).debug("the command failed", e);
      return failed(io, Failures.of(e), json);
    });
    int exitCode = line.execute(args);
    try {
      io.out().flush();
      io.err().flush();
    } catch (UncheckedIOException e) {
      return Failures.of(e).exitCode();
    }
    return exitCode;
  }

  @Override
  public Integer call() {
    if (user.given() == null) {
      throw new ParameterException(
          spec.commandLine(), "name a user (-u NAME) or a command: " + commands());
    }
    return ClientCommand.run(user.given(), connection, io);
  }

  UserOption user() {
    return user;
  }

  ConnectionOptions connection() {
    return connection;
  }

  private String commands() {
    return String.join(", ", spec.subcommands().keySet());
  }

  private static CommandLine commandLine(Io io, List<String> args) {
    CommandLine line = new CommandLine(new StarlingMain(io));
    Wanted wanted = Wanted.of(args);
    Stream.of(
            new ClientCommand(io),
            new PostCommand(io),
            new DeleteCommand(io),
            new FollowCommand(io),
            new UnfollowCommand(io),
            new ListCommand(io),
            new PostsCommand(io),
            new TimelineCommand(io),
            new ImportPostsCommand(io),
            new ExportPostsCommand(io))
        .filter(wanted)
        .forEach(line::addSubcommand);
    AdminCommand.Group admin = new AdminCommand.Group();
    if (wanted.test(admin)) {
      line.addSubcommand(admin(admin, io));
    }
    for (Subcommand more : ServiceLoader.load(Subcommand.class)) {
      more.commands().stream().filter(wanted).forEach(line::addSubcommand);
    }
    describe(line);
    line.getCommandSpec().versionProvider(new Version());
    // These reach the subcommands that are there by now.
    line.registerConverter(Duration.class, new Durations());
    line.setCaseInsensitiveEnumValuesAllowed(true);
    return line;
  }

  /**
   * Which commands this call may be about. Looking at a command's options takes milliseconds, so
   * those whose name is nowhere among the arguments are left out; for the help all are there.
   */
  private record Wanted(List<String> args, boolean all) implements Predicate<Object> {

    static Wanted of(List<String> args) {
      boolean user = args.contains("-u") || args.contains("--user");
      return new Wanted(args, !user && (args.isEmpty() || args.getFirst().startsWith("-")));
    }

    @Override
    public boolean test(Object command) {
      return all || args.contains(command.getClass().getAnnotation(Command.class).name());
    }
  }

  private static CommandLine admin(AdminCommand.Group group, Io io) {
    CommandLine admin = new CommandLine(group);
    List.of(
            new AdminClusters(io),
            new AdminSlots(io),
            new AdminVerify(io),
            new AdminAddCluster(io),
            new AdminForgetCluster(io),
            new AdminSwitchover(io),
            new AdminRecover(io))
        .forEach(admin::addSubcommand);
    for (Subcommand more : ServiceLoader.load(Subcommand.class)) {
      more.adminCommands().forEach(admin::addSubcommand);
    }
    return admin;
  }

  private static void describe(CommandLine line) {
    if (line.getCommandSpec().findOption("--help") == null) {
      line.getCommandSpec().mixinStandardHelpOptions(true);
    }
    UsageMessageSpec usage = line.getCommandSpec().usageMessage();
    usage.exitCodeListHeading("%nExit codes:%n");
    // A command that has codes of its own says them itself.
    if (usage.exitCodeList().isEmpty()) {
      usage.exitCodeList(EXIT_CODES);
    }
    line.getSubcommands().values().forEach(StarlingMain::describe);
  }

  private static int misused(Io io, ParameterException e, boolean json) {
    String sentence =
        e.getCommandLine().getCommandSpec().qualifiedName()
            + ": "
            + e.getMessage().strip().replaceAll("\\s*\\R\\s*", "; ")
            + "; try --help";
    return failed(io, new Failures(ExitCode.USAGE, "USAGE", sentence), json);
  }

  private static int failed(Io io, Failures failure, boolean json) {
    if (!failure.sentence().isEmpty()) {
      io.err().line(Shown.line(failure.sentence()));
      if (json) {
        io.err()
            .line(
                new Json()
                    .put("error", failure.word())
                    .put("message", failure.sentence())
                    .toString());
      }
    }
    return failure.exitCode();
  }

  private static boolean wantsJson(String[] args) {
    List<String> given = Arrays.asList(args);
    int at = given.indexOf("--output");
    return given.stream().anyMatch("--output=json"::equalsIgnoreCase)
        || (at >= 0 && at + 1 < given.size() && given.get(at + 1).equalsIgnoreCase("json"));
  }
}
