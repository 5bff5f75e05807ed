package social.starling.synchronizer;

import io.grpc.ManagedChannel;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import social.starling.common.Channels;
import social.starling.common.Credential;

/**
 * The connection to whoever has a role now: the own master, or another cluster's synchronizer. When
 * the role moves, calls to the former holder end at once with UNAVAILABLE, so that a hung one holds
 * nobody.
 *
 * <p>Thread-safe; nothing blocks.
 */
final class Line implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(Line.class);

  private final Credential credential;
  private String address = "";
  private ManagedChannel channel;
  private boolean closed;

  Line(Credential credential) {
    this.credential = credential;
  }

  /** Who has the role listens here; nobody when empty. */
  synchronized void follow(String newAddress) {
    if (closed || address.equals(newAddress)) {
      return;
    }
    cut();
    address = newAddress;
    if (!newAddress.isEmpty()) {
      try {
        channel = Channels.open(newAddress, credential.clientInterceptor());
      } catch (IllegalArgumentException e) {
        LOG.atWarn()
            .addKeyValue("address", newAddress)
            .addKeyValue("why", e.getMessage())
            .log("a coordinator told an address that cannot be used");
      }
    }
  }

  /** The connection; empty while nobody has the role. */
  synchronized Optional<ManagedChannel> channel() {
    return Optional.ofNullable(channel);
  }

  @Override
  public synchronized void close() {
    closed = true;
    cut();
  }

  private void cut() {
    if (channel != null) {
      channel.shutdownNow();
      channel = null;
    }
  }
}
