package social.starling.common;

import java.io.PrintWriter;
import java.security.Security;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;

/**
 * Runs a process's picocli command: settings come from flags, then the environment, then the {@code
 * --config} file, then defaults; a failure is one sentence on standard error and an exit code.
 *
 * <p>A flag {@code --log-level} is {@code STARLING_LOG_LEVEL} in the environment and {@code
 * log-level} in the file. Unknown flags and keys of the file are errors. An unknown environment
 * variable that looks like a misspelt flag of this process is an error too; others are not, for
 * they are meant for other processes or were put there by Kubernetes.
 */
public final class ProcessMain {

  private ProcessMain() {}

  /** Parses, runs, and returns the exit code. The caller exits with it. */
  public static int run(Object command, String[] args) {
    return run(command, args, System.getenv());
  }

  /** As {@link #run(Object, String[])}, in a given environment. */
  public static int run(Object command, String[] args, Map<String, String> environment) {
    forgetNamesSoon();
    CommandLine line = commandLine(command);
    PrintWriter err = line.getErr();
    try {
      Settings.install(line, args, environment);
    } catch (StartException e) {
      return failed(err, e);
    }
    return line.execute(args);
  }

  /**
   * Pods come back under other addresses, and Java would go by the old ones for half a minute, and
   * for ten seconds by there being none; gRPC asks again after half a minute at the earliest. Has
   * effect before the first name is looked up.
   */
  public static void forgetNamesSoon() {
    Security.setProperty("networkaddress.cache.ttl", "1");
    Security.setProperty("networkaddress.cache.negative.ttl", "0");
    System.setProperty("networkaddress.cache.ttl", "1");
  }

  /** The command with the converters and error texts that all commands share. */
  public static CommandLine commandLine(Object command) {
    CommandLine line = new CommandLine(command);
    line.registerConverter(Duration.class, new Durations());
    line.setCaseInsensitiveEnumValuesAllowed(true);
    line.setParameterExceptionHandler((e, args) -> misused(e));
    line.setExecutionExceptionHandler((e, failing, parsed) -> failed(failing.getErr(), e));
    line.getCommandSpec().versionProvider(new Version());
    return line;
  }

  private static int misused(ParameterException e) {
    CommandLine line = e.getCommandLine();
    line.getErr()
        .println(
            line.getCommandSpec().qualifiedName()
                + ": "
                + oneLine(e.getMessage())
                + "; try --help");
    line.getErr().flush();
    return ExitCode.USAGE;
  }

  private static int failed(PrintWriter err, Exception e) {
    Logger log = LoggerFactory.getLogger(ProcessMain.class);
    log.debug("the process failed", e);
    int code = e instanceof StartException start ? start.exitCode() : ExitCode.FAILED;
    err.println(e instanceof StartException ? e.getMessage() : "failed: " + described(e));
    err.flush();
    return code;
  }

  private static String described(Exception e) {
    String name = e.getClass().getSimpleName();
    return Optional.ofNullable(e.getMessage()).map(m -> name + ": " + oneLine(m)).orElse(name);
  }

  private static String oneLine(String text) {
    return text.strip().replaceAll("\\s*\\R\\s*", "; ");
  }
}
