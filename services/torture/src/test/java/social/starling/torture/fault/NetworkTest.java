package social.starling.torture.fault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

@EnabledOnOs(OS.LINUX)
class NetworkTest {

  private static final int SHORT = 150;
  private static final int LONG = 30_000;

  @TempDir private Path dir;
  private final Map<String, Part> ports = new ConcurrentHashMap<>();
  private final List<AutoCloseable> opened = new ArrayList<>();
  private ServerSocket b;
  private Network network;

  @BeforeEach
  void open() throws Exception {
    b = listen();
    ports.put("b", new Part("b", b.getLocalPort(), 0));
    network =
        new Network(
            dir,
            "starling.test",
            List.of("a", "b", "clients"),
            part -> Optional.ofNullable(ports.get(part)));
    opened.add(network);
  }

  @AfterEach
  void close() throws Exception {
    for (AutoCloseable each : opened.reversed()) {
      each.close();
    }
  }

  @Test
  void shouldGiveEachPartNamesThatLeadThroughItsOwnProxies() {
    assertThat(network.troubles()).isEmpty();
    assertThat(network.hostsFile("a"))
        .content()
        .isEqualTo(
            """
            127.0.0.1 localhost
            127.0.0.1 a.starling.test
            127.1.2.1 b.starling.test
            127.1.3.1 clients.starling.test
            """);
    assertThat(network.hostsFile("b")).content().contains("127.2.1.1 a.starling.test");
  }

  @Test
  void shouldCarryBytesBothWaysAndTheEndsOfThem() throws Exception {
    Dialled line = dial("a");

    say(line.near(), "there");
    assertThat(hear(line.far(), 5)).isEqualTo("there");
    line.near().shutdownOutput();
    assertThat(line.far().getInputStream().read()).isEqualTo(-1);
    say(line.far(), "and back");
    assertThat(hear(line.near(), 8)).isEqualTo("and back");
    line.far().close();
    assertThat(line.near().getInputStream().read()).isEqualTo(-1);
    assertThat(network.bytes("a", "b")).isEqualTo(5);
    assertThat(network.bytes("b", "a")).isEqualTo(8);
  }

  @Test
  void shouldHoldTheBytesOfOneDirectionUntilItHeals() throws Exception {
    Dialled line = dial("a");
    Dialled other = dial("clients");

    network.cut("a", "b");
    say(line.near(), "one ");
    say(line.near(), "two ");
    assertThat(hearsNothing(line.far())).isTrue();
    say(line.far(), "other way");
    assertThat(hear(line.near(), 9)).isEqualTo("other way");
    say(other.near(), "other part");
    assertThat(hear(other.far(), 10)).isEqualTo("other part");

    network.heal("a", "b");
    say(line.near(), "three");
    assertThat(hear(line.far(), 13)).isEqualTo("one two three");
  }

  @Test
  void shouldCutADirectionWhoeverDialled() throws Exception {
    Dialled line = dial("a");

    network.cut("b", "a");
    say(line.far(), "answer");
    assertThat(hearsNothing(line.near())).isTrue();
    say(line.near(), "question");
    assertThat(hear(line.far(), 8)).isEqualTo("question");

    network.healAll();
    assertThat(hear(line.near(), 6)).isEqualTo("answer");
  }

  @Test
  void shouldHideTheDeathOfTheOtherSideBehindACut() throws Exception {
    Dialled ended = dial("a");
    Dialled broken = dial("a");

    network.cut("b", "a");
    say(ended.far(), "last words");
    ended.far().close();
    Pump.reset(broken.far());
    assertThat(hearsNothing(ended.near())).isTrue();
    assertThat(hearsNothing(broken.near())).isTrue();

    network.heal("b", "a");
    assertThat(hear(ended.near(), 10)).isEqualTo("last words");
    assertThat(ended.near().getInputStream().read()).isEqualTo(-1);
    assertThatThrownBy(() -> broken.near().getInputStream().read())
        .isInstanceOf(SocketException.class);
  }

  @Test
  void shouldLetNewConnectionsHangWhileEitherDirectionIsCut() throws Exception {
    network.cut("b", "a");

    // Those that the system has taken note of already are held all the same.
    await()
        .atMost(Duration.ofSeconds(30))
        .untilAsserted(() ->
            assertThatThrownBy(() -> connect("a", SHORT).close())
                .isInstanceOf(SocketTimeoutException.class));
    assertThatThrownBy(
            () -> {
              b.setSoTimeout(SHORT);
              b.accept();
            })
        .isInstanceOf(SocketTimeoutException.class);
    try (Socket fromElsewhere = connect("clients", LONG)) {
      assertThat(fromElsewhere.isConnected()).isTrue();
      b.setSoTimeout(LONG);
      b.accept().close();
    }

    network.heal("b", "a");
    say(connect("a", LONG), "healed");
    // Those that the dialler gave up meanwhile arrive too, and end at once.
    String heard;
    do {
      heard = hear(accept(), 6);
    } while (heard.isEmpty());
    assertThat(heard).isEqualTo("healed");
  }

  @Test
  void shouldLetAConnectionThatHungGoThroughAfterTheCut() throws Exception {
    network.cut("a", "b");
    try (Socket near = new Socket()) {
      Thread healing =
          Thread.ofVirtual()
              .start(() -> {
                await().pollDelay(Duration.ofMillis(SHORT)).until(() -> true);
                network.heal("a", "b");
              });
      near.connect(new InetSocketAddress(network.host("a", "b"), b.getLocalPort()), LONG);
      say(near, "late");
      Socket far = accept();
      assertThat(hear(far, 4)).isEqualTo("late");
      healing.join();
    }
  }

  @Test
  void shouldDelayOneDirectionAndKeepTheOrder() throws Exception {
    Dialled line = dial("a");
    Duration delay = Duration.ofSeconds(1);
    network.delay("a", "b", delay, Duration.ofMillis(20));

    long begun = System.nanoTime();
    StringBuilder sent = new StringBuilder();
    for (int i = 0; i < 100; i++) {
      say(line.near(), "message %02d;".formatted(i));
      sent.append("message %02d;".formatted(i));
    }
    assertThat(hear(line.far(), sent.length())).isEqualTo(sent.toString());
    Duration took = Duration.ofNanos(System.nanoTime() - begun);
    assertThat(took).isBetween(delay, delay.multipliedBy(25));

    begun = System.nanoTime();
    say(line.far(), "back");
    assertThat(hear(line.near(), 4)).isEqualTo("back");
    assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(delay);
  }

  @Test
  void shouldHoldNoMoreThanASenderMaySendWithoutAnAnswer() throws Exception {
    Dialled line = dial("a");
    network.cut("a", "b");
    byte[] much = new byte[64 * 1024 * 1024];

    Thread sender =
        Thread.ofPlatform()
            .start(() -> {
              try {
                line.near().getOutputStream().write(much);
              } catch (IOException e) {
                // The test has ended.
              }
            });
    await().pollDelay(Duration.ofMillis(SHORT)).until(() -> network.bytes("a", "b") > 1024 * 1024);
    assertThat(sender.isAlive()).isTrue();
    assertThat(network.bytes("a", "b")).isLessThan(much.length / 2);

    network.heal("a", "b");
    assertThat(line.far().getInputStream().readNBytes(much.length)).hasSize(much.length);
    sender.join();
  }

  @Test
  void shouldBreakWhatIsOpenOnBothSides() throws Exception {
    Dialled line = dial("a");
    Dialled other = dial("clients");
    say(line.near(), "x");
    hear(line.far(), 1);

    network.reset("b", "a");

    assertThatThrownBy(() -> line.near().getInputStream().read())
        .isInstanceOf(SocketException.class);
    assertThatThrownBy(() -> line.far().getInputStream().read())
        .isInstanceOf(SocketException.class);
    say(other.near(), "still here");
    assertThat(hear(other.far(), 10)).isEqualTo("still here");
    say(dial("a").near(), "again");
  }

  @Test
  void shouldBreakAConnectionToAPortWhereNobodyListens() throws Exception {
    b.close();

    // The break may come before the system has told the dialler that it is connected.
    assertThatThrownBy(() -> connect("a", LONG).getInputStream().read())
        .isInstanceOf(SocketException.class);
  }

  @Test
  void shouldFollowAPartToOtherPorts() throws Exception {
    try (ServerSocket moved = listen()) {
      int old = b.getLocalPort();
      ports.put("b", new Part("b", 0, moved.getLocalPort()));
      network.refresh();

      try (Socket near = new Socket()) {
        near.connect(
            new InetSocketAddress(network.host("clients", "b"), moved.getLocalPort()), LONG);
        say(near, "found");
        assertThat(hear(moved.accept(), 5)).isEqualTo("found");
      }
      try (Socket near = new Socket()) {
        assertThatThrownBy(
                () -> near.connect(new InetSocketAddress(network.host("clients", "b"), old), LONG))
            .isInstanceOf(ConnectException.class);
      }
    }
  }

  @Test
  void shouldNoticeByItselfThatAPartBeginsToListen() throws Exception {
    try (ServerSocket a = listen();
        Socket near = new Socket()) {
      ports.put("a", new Part("a", 0, a.getLocalPort()));

      await()
          .atMost(Duration.ofSeconds(30))
          .ignoreExceptions()
          .until(() -> {
            try (Socket trial = new Socket()) {
              trial.connect(
                  new InetSocketAddress(network.host("clients", "a"), a.getLocalPort()), LONG);
              return true;
            }
          });
    }
  }

  @Test
  void shouldSayWhichProxyCannotListen() throws Exception {
    try (ServerSocket stranger = new ServerSocket()) {
      stranger.bind(new InetSocketAddress(network.host("clients", "a"), 0));
      ports.put("a", new Part("a", stranger.getLocalPort(), 0));
      network.refresh();

      assertThat(network.troubles())
          .singleElement()
          .asString()
          .startsWith(
              "no proxy from clients to a: cannot listen on 127.3.1.1:%d"
                  .formatted(stranger.getLocalPort()));
    }
    network.refresh();
    assertThat(network.troubles()).isEmpty();
  }

  @Test
  void shouldKnowItsPartsOnly() {
    assertThatThrownBy(() -> network.cut("a", "c"))
        .hasMessage("a or c is none of the parts [a, b, clients]");
    assertThatThrownBy(() -> network.hostsFile("c"))
        .hasMessage("c is none of the parts [a, b, clients]");
  }

  /** Both ends of a connection through the network. */
  private record Dialled(Socket near, Socket far) {}

  private Dialled dial(String from) throws IOException {
    return new Dialled(connect(from, LONG), accept());
  }

  private Socket connect(String from, int millis) throws IOException {
    Socket near = new Socket();
    opened.add(near);
    near.setSoTimeout(LONG);
    near.setTcpNoDelay(true);
    near.connect(new InetSocketAddress(network.host(from, "b"), b.getLocalPort()), millis);
    return near;
  }

  private Socket accept() throws IOException {
    b.setSoTimeout(LONG);
    Socket far = b.accept();
    opened.add(far);
    far.setSoTimeout(LONG);
    far.setTcpNoDelay(true);
    return far;
  }

  private ServerSocket listen() throws IOException {
    ServerSocket socket = new ServerSocket();
    opened.add(socket);
    socket.bind(new InetSocketAddress("127.0.0.1", 0));
    return socket;
  }

  private static void say(Socket socket, String text) throws IOException {
    socket.getOutputStream().write(text.getBytes(StandardCharsets.UTF_8));
  }

  private static String hear(Socket socket, int length) throws IOException {
    return new String(socket.getInputStream().readNBytes(length), StandardCharsets.UTF_8);
  }

  private static boolean hearsNothing(Socket socket) throws IOException {
    int before = socket.getSoTimeout();
    socket.setSoTimeout(SHORT);
    try {
      return socket.getInputStream().read() == -2;
    } catch (SocketTimeoutException e) {
      return true;
    } finally {
      socket.setSoTimeout(before);
    }
  }
}
