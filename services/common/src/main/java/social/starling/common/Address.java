package social.starling.common;

/**
 * Where a process listens.
 *
 * @param host name or address; an IPv6 address without brackets
 * @param port 0 to 65535
 */
public record Address(String host, int port) {

  public Address {
    if (host.isEmpty() || port < 0 || port > 65535) {
      throw new IllegalArgumentException("no address: '" + host + "' port " + port);
    }
  }

  /** {@code host:port}, with brackets around an IPv6 address: what {@link Addresses} reads. */
  @Override
  public String toString() {
    return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port;
  }
}
