package social.starling.client.cli;

import java.io.Console;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.InputStream;
import java.time.ZoneId;
import java.util.Map;
import java.util.function.BooleanSupplier;

/**
 * What a command reads and writes.
 *
 * @param terminal whether a person sits at both ends; asked only by those who need to know
 * @param zone in which times are shown
 * @param environment the environment variables
 * @param environment the environment variables
 */
record Io(
    InputStream in,
    LineOutput out,
    LineOutput err,
    BooleanSupplier terminal,
    ZoneId zone,
    Map<String, String> environment) {

  /** Those of this process, as UTF-8. */
  static Io system() {
    return new Io(
        new FileInputStream(FileDescriptor.in),
        new LineOutput(new FileOutputStream(FileDescriptor.out)),
        new LineOutput(new FileOutputStream(FileDescriptor.err)),
        Io::atTerminal,
        ZoneId.systemDefault(),
        System.getenv());
  }

  private static boolean atTerminal() {
    Console console = System.console();
    return console != null && console.isTerminal();
  }
}
