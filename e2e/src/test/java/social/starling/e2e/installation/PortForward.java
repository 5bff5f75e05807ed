package social.starling.e2e.installation;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** A {@code kubectl port-forward} to the public port of a pod, as a person starts one. */
public final class PortForward implements AutoCloseable {

  private static final int PUBLIC = 7000;
  private static final Duration OPEN = Duration.ofSeconds(30);

  private final int port;
  private final Process process;

  private PortForward(int port, Process process) {
    this.port = port;
    this.process = process;
  }

  /**
   * Begins; returns when the port is open.
   *
   * @param port on this machine; 0 for any that is free
   */
  public static PortForward to(Path kubeconfig, String pod, int port) {
    try {
      int local = port == 0 ? free() : port;
      Path said = Files.createTempFile("port-forward", ".txt");
      Process process =
          new ProcessBuilder(
                  List.of(
                      "kubectl",
                      "--kubeconfig",
                      kubeconfig.toString(),
                      "--namespace",
                      Starling.NAMESPACE,
                      "port-forward",
                      "pod/" + pod,
                      local + ":" + PUBLIC))
              .redirectErrorStream(true)
              .redirectOutput(said.toFile())
              .start();
      said.toFile().deleteOnExit();
      PortForward forward = new PortForward(local, process);
      Starling.within(OPEN).until(forward::isOpen);
      return forward;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static int free() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  private boolean isOpen() {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      return socket.isConnected();
    } catch (IOException e) {
      return false;
    }
  }

  /** On this machine. */
  public int port() {
    return port;
  }

  /** Whether it runs. */
  public boolean isAlive() {
    return process.isAlive();
  }

  /** Ends it; its port is free afterwards. */
  public void end() {
    process.destroyForcibly();
    process.onExit().join();
  }

  @Override
  public void close() {
    end();
  }
}
