package social.starling.common;

import java.nio.file.Path;
import picocli.CommandLine.Option;

/** The flags that every process has, as a picocli mixin. Read after parsing. */
public final class CommonOptions {

  @Option(
      names = "--host",
      defaultValue = "127.0.0.1",
      paramLabel = "HOST",
      description = "Address to listen on. Default: ${DEFAULT-VALUE}.")
  private String host = "127.0.0.1";

  @Option(
      names = "--advertise",
      paramLabel = "HOST",
      description = "Host name that others are told. Default: the value of --host.")
  private String advertise;

  @Option(
      names = "--http-port",
      defaultValue = "0",
      paramLabel = "PORT",
      description =
          "Port of /metrics, /livez and /readyz; 0 takes any free one. Default: ${DEFAULT-VALUE}.")
  private int httpPort;

  @Option(
      names = "--credential",
      paramLabel = "FILE",
      description = "File with the secret that internal calls carry.")
  private Path credential;

  @Option(
      names = "--log-format",
      defaultValue = "text",
      paramLabel = "FORMAT",
      description = "text or json. Default: ${DEFAULT-VALUE}.")
  private Logging.Format logFormat = Logging.Format.TEXT;

  @Option(
      names = "--log-level",
      defaultValue = "info",
      paramLabel = "LEVEL",
      description = "error, warn, info, debug or trace. Default: ${DEFAULT-VALUE}.")
  private Logging.Level logLevel = Logging.Level.INFO;

  @Option(
      names = "--config",
      paramLabel = "FILE",
      description =
          "Properties file with flags without their dashes, such as log-level=debug. Flags and"
              + " environment variables (STARLING_LOG_LEVEL) come before it.")
  private Path config;

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      description = "Show this and exit.")
  private boolean help;

  @Option(
      names = {"-V", "--version"},
      versionHelp = true,
      description = "Show the version and exit.")
  private boolean version;

  /** Address to listen on. */
  public String host() {
    return host;
  }

  /** Host name that others are told. */
  public String advertise() {
    return advertise == null || advertise.isEmpty() ? host : advertise;
  }

  /** What others are told of a port of this process. */
  public Address advertised(int port) {
    return new Address(advertise(), port);
  }

  /** 0 takes any free one. */
  public int httpPort() {
    return httpPort;
  }

  /**
   * The credential, read from its file.
   *
   * @throws StartException when no file was named or it cannot be used
   */
  public Credential credential() {
    if (credential == null) {
      throw new StartException(
          ExitCode.USAGE, "no credential is given; name its file with --credential FILE");
    }
    return Credential.read(credential);
  }

  public Logging.Format logFormat() {
    return logFormat;
  }

  public Logging.Level logLevel() {
    return logLevel;
  }

  /** The configuration file, or null. It has been read when the command runs. */
  public Path config() {
    return config;
  }
}
