package social.starling.client.cli;

import java.util.function.Consumer;
import social.starling.client.ConnectionListener;

/** What a person reads while the client waits. */
record Notices(Consumer<String> show) implements ConnectionListener {

  @Override
  public void onReconnecting(String address) {
    show.accept("Reconnecting to " + address + "...");
  }

  @Override
  public void onClusterDown(String cluster) {
    show.accept(
        (cluster.isEmpty() ? "The cluster" : "Cluster " + cluster) + " is down; waiting...");
  }
}
