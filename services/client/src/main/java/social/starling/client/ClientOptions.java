package social.starling.client;

import java.time.Duration;
import java.util.List;
import social.starling.common.Addresses;
import social.starling.common.Limits;

/**
 * How a client connects. Immutable; each {@code with…} gives a changed copy.
 *
 * @param user who acts: 1 to 30 of A-Z, a-z, 0-9 and _
 * @param routers {@code host:port}, at least one; the next is tried when one fails
 * @param direct go straight to the members that a router names
 * @param deadline of a call, all attempts together
 * @param silence a stream that yields nothing for this long is broken; servers send a heartbeat
 *     each second
 * @param listener told of broken connections
 */
public record ClientOptions(
    String user,
    List<String> routers,
    boolean direct,
    Duration deadline,
    Duration silence,
    ConnectionListener listener) {

  /** Where a local router listens. */
  public static final String DEFAULT_ROUTER = "127.0.0.1:4600";

  public static final Duration DEFAULT_DEADLINE = Duration.ofSeconds(5);
  public static final Duration DEFAULT_SILENCE = Duration.ofMillis(2500);

  /**
   * Checks the values.
   *
   * @throws IllegalArgumentException when an address or a time is none
   * @throws io.grpc.StatusRuntimeException INVALID_ARGUMENT with a sentence when the name is none
   */
  public ClientOptions {
    Limits.checkName(user);
    if (routers.isEmpty()) {
      throw new IllegalArgumentException("no router is named; give at least one host:port");
    }
    routers = routers.stream().map(address -> Addresses.parse(address).toString()).toList();
    if (!deadline.isPositive() || !silence.isPositive()) {
      throw new IllegalArgumentException("a deadline is more than zero");
    }
  }

  /** The defaults: the local router, 5 s, nobody told. */
  public static ClientOptions of(String user) {
    return new ClientOptions(
        user, List.of(DEFAULT_ROUTER), false, DEFAULT_DEADLINE, DEFAULT_SILENCE, address -> {});
  }

  public ClientOptions withUser(String name) {
    return new ClientOptions(name, routers, direct, deadline, silence, listener);
  }

  public ClientOptions withRouters(List<String> addresses) {
    return new ClientOptions(user, addresses, direct, deadline, silence, listener);
  }

  public ClientOptions withDirect(boolean straight) {
    return new ClientOptions(user, routers, straight, deadline, silence, listener);
  }

  public ClientOptions withDeadline(Duration limit) {
    return new ClientOptions(user, routers, direct, limit, silence, listener);
  }

  public ClientOptions withSilence(Duration limit) {
    return new ClientOptions(user, routers, direct, deadline, limit, listener);
  }

  public ClientOptions withListener(ConnectionListener told) {
    return new ClientOptions(user, routers, direct, deadline, silence, told);
  }
}
