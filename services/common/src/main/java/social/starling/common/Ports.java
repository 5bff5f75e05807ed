package social.starling.common;

import java.util.Locale;

/** Says why a port cannot be listened on. */
final class Ports {

  private Ports() {}

  static StartException cannotListen(String host, int port, String flag, Throwable error) {
    if (port < 0 || port > 65535) {
      return new StartException(
          ExitCode.USAGE, port + " is no port; give " + flag + " a number from 0 to 65535", error);
    }
    Throwable root = error;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    String message = String.valueOf(root.getMessage());
    // The native transport has an exception class of its own for this, which is no BindException.
    if (message.toLowerCase(Locale.ROOT).contains("address already in use")) {
      return new StartException(
          ExitCode.FAILED,
          "port " + port + " is in use by another process; choose another with " + flag,
          error);
    }
    return new StartException(
        ExitCode.FAILED,
        "cannot listen on "
            + host
            + " port "
            + port
            + " ("
            + message
            + "); choose another address with --host or another port with "
            + flag,
        error);
  }
}
