package social.starling.common;

import java.util.ArrayList;
import java.util.List;

/** Reads {@code host:port} and lists of them. */
public final class Addresses {

  private Addresses() {}

  /**
   * Reads {@code host:port} or {@code [ipv6]:port}, port 1 to 65535.
   *
   * @throws IllegalArgumentException with a sentence when the text has another form
   */
  public static Address parse(String text) {
    String trimmed = text.strip();
    int colon = trimmed.lastIndexOf(':');
    if (colon < 0) {
      throw wrong(text, "the port is missing");
    }
    String host = trimmed.substring(0, colon);
    if (host.startsWith("[") && host.endsWith("]")) {
      host = host.substring(1, host.length() - 1);
    } else if (host.indexOf(':') >= 0) {
      throw wrong(text, "an IPv6 address needs brackets");
    }
    if (host.isEmpty()) {
      throw wrong(text, "the host is missing");
    }
    if (host.chars().anyMatch(c -> c <= ' ' || c == '/' || c == '@')) {
      throw wrong(text, "the host holds a character that no host name has");
    }
    return new Address(host, port(text, trimmed.substring(colon + 1)));
  }

  /**
   * Reads a list separated by commas; at least one address, no address twice.
   *
   * @throws IllegalArgumentException with a sentence when the text has another form
   */
  public static List<Address> parseList(String text) {
    List<Address> addresses = new ArrayList<>();
    for (String part : text.split(",", -1)) {
      Address address = parse(part);
      if (addresses.contains(address)) {
        throw wrong(part, "it is there twice");
      }
      addresses.add(address);
    }
    return List.copyOf(addresses);
  }

  private static int port(String text, String digits) {
    try {
      int port = Integer.parseInt(digits);
      if (port >= 1 && port <= 65535) {
        return port;
      }
    } catch (NumberFormatException e) {
      throw wrong(text, "the port is no number");
    }
    throw wrong(text, "the port is not between 1 and 65535");
  }

  private static IllegalArgumentException wrong(String text, String why) {
    return new IllegalArgumentException(
        "'" + text + "' is no address: " + why + "; write host:port, such as 127.0.0.1:4600");
  }
}
