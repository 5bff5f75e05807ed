package social.starling.common;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class SessionsTest {

  private static final class FakeSession implements Sessions.Session {
    final Address address;
    volatile boolean connected = true;
    volatile boolean started;
    volatile boolean closed;

    FakeSession(Address address) {
      this.address = address;
    }

    @Override
    public void start() {
      started = true;
    }

    @Override
    public boolean connected() {
      return connected;
    }

    @Override
    public void close() {
      closed = true;
    }
  }

  private final Map<String, List<InetAddress>> names = new HashMap<>();
  private final List<FakeSession> ever = new ArrayList<>();
  private Sessions<FakeSession> sessions;

  @AfterEach
  void close() {
    sessions.close();
    assertThat(ever).allSatisfy(session -> assertThat(session.closed).isTrue());
  }

  @Test
  void shouldOpenASessionWithEachAddressOfAName() {
    named("coordinator", "10.0.0.1", "10.0.0.2");
    sessions = to("coordinator:7001", "192.0.2.7:7002");
    assertThat(sessions.look()).isTrue();
    assertAddresses("10.0.0.1:7001", "10.0.0.2:7001", "192.0.2.7:7002");
    assertThat(ever).allSatisfy(session -> assertThat(session.started).isTrue());
    sessions.look();
    assertThat(ever).hasSize(3);
  }

  @Test
  void shouldFollowANameToItsNewAddress() {
    named("coordinator", "10.0.0.1", "10.0.0.2");
    sessions = to("coordinator:7001");
    sessions.look();
    named("coordinator", "10.0.0.2", "10.0.0.3");
    ever.getFirst().connected = false;
    sessions.look();
    assertAddresses("10.0.0.2:7001", "10.0.0.3:7001");
    assertThat(ever.getFirst().closed).isTrue();
  }

  @Test
  void shouldKeepASessionThatWorksAlthoughItsAddressIsNoLongerFound() {
    named("coordinator", "10.0.0.1", "10.0.0.2");
    sessions = to("coordinator:7001");
    sessions.look();
    named("coordinator", "10.0.0.2");
    sessions.look();
    assertAddresses("10.0.0.1:7001", "10.0.0.2:7001");
    ever.getFirst().connected = false;
    sessions.look();
    assertAddresses("10.0.0.2:7001");
  }

  @Test
  void shouldEndNothingWhileANameIsNotFound() {
    named("coordinator", "10.0.0.1");
    sessions = to("coordinator:7001");
    sessions.look();
    names.clear();
    ever.getFirst().connected = false;
    assertThat(sessions.look()).isFalse();
    assertAddresses("10.0.0.1:7001");
  }

  @Test
  void shouldTakeTheAddressesOfBothFamiliesForOneProcess() {
    named("coordinator", "2001:db8::1", "10.0.0.1", "2001:db8::2", "10.0.0.2");
    named("six", "2001:db8::3");
    named("localhost", "127.0.0.1", "127.0.1.1", "0:0:0:0:0:0:0:1");
    sessions = to("coordinator:7001", "six:7001", "localhost:7001");
    sessions.look();
    assertAddresses(
        "10.0.0.1:7001", "10.0.0.2:7001", "[2001:db8:0:0:0:0:0:3]:7001", "127.0.0.1:7001");
  }

  @Test
  void shouldOpenLiteralAddressesAtOnceAndNeverLookThemUp() {
    sessions = to("127.0.0.1:1", "[::1]:2");
    sessions.start();
    assertAddresses("127.0.0.1:1", "[::1]:2");
  }

  @Test
  void shouldFindANameThatAppearsLater() {
    sessions = new Sessions<>(Addresses.parseList("coordinator:7001"), this::open, this::lookUp);
    sessions.start();
    assertThat(sessions.all()).isEmpty();
    named("coordinator", "10.0.0.1");
    await().untilAsserted(() -> assertAddresses("10.0.0.1:7001"));
  }

  @Test
  void shouldBoundTheNumberOfSessions() {
    String[] many = new String[200];
    for (int i = 0; i < many.length; i++) {
      many[i] = "10.0.1." + i;
    }
    named("coordinator", many);
    sessions = to("coordinator:7001");
    sessions.look();
    assertThat(sessions.all()).hasSize(64);
  }

  private Sessions<FakeSession> to(String... addresses) {
    return new Sessions<>(
        Addresses.parseList(String.join(",", addresses)), this::open, this::lookUp);
  }

  private synchronized FakeSession open(Address address) {
    FakeSession session = new FakeSession(address);
    ever.add(session);
    return session;
  }

  private synchronized List<InetAddress> lookUp(String host) throws UnknownHostException {
    List<InetAddress> found = names.get(host);
    if (found == null) {
      throw new UnknownHostException(host);
    }
    return found;
  }

  private synchronized void named(String host, String... literals) {
    names.put(host, Arrays.stream(literals).map(InetAddress::ofLiteral).toList());
  }

  private void assertAddresses(String... addresses) {
    assertThat(sessions.all())
        .extracting(session -> session.address.toString())
        .containsExactlyInAnyOrder(addresses);
  }
}
