package social.starling.client;

import io.grpc.Channel;
import io.grpc.ManagedChannel;
import java.util.HashMap;
import java.util.Map;
import social.starling.common.Channels;

/** The channels of a client, one per address, opened at first use. Thread-safe. */
final class Connections implements AutoCloseable {

  private final Map<String, ManagedChannel> channels = new HashMap<>();
  private boolean closed;

  synchronized Channel to(String address) {
    if (closed) {
      throw new IllegalStateException("the client is closed");
    }
    return channels.computeIfAbsent(address, Channels::open);
  }

  @Override
  public synchronized void close() {
    closed = true;
    channels.values().forEach(ManagedChannel::shutdownNow);
    channels.clear();
  }
}
