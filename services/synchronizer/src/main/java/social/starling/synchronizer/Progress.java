package social.starling.synchronizer;

import social.starling.proto.coordinator.v1.PeerProgress;
import social.starling.proto.sync.v1.Batch;
import social.starling.proto.sync.v1.Position;

/** How far this cluster has one peer's changes, as this process knows. Thread-safe. */
final class Progress {

  private final String peer;
  private boolean connected;
  private Position cursor = Position.getDefaultInstance();
  private long received;
  private long announced;

  Progress(String peer) {
    this.peer = peer;
  }

  synchronized void connected(boolean now) {
    connected = now;
  }

  synchronized boolean connected() {
    return connected;
  }

  /** The own master told its cursor. */
  synchronized void cursor(Position now) {
    // Lower than before: a master was made by hand that had lost some.
    received =
        Positions.compare(now, cursor) < 0 ? now.getIndex() : Math.max(received, now.getIndex());
    cursor = now;
    announced = Math.max(announced, received);
  }

  /** Whatever of the peer's entries up to this one is for this cluster has taken effect. */
  synchronized void received(long index) {
    received = Math.max(received, index);
    announced = Math.max(announced, received);
  }

  /** The peer sent this. */
  synchronized void announced(Batch batch) {
    announced = Math.max(announced, Math.max(batch.getUpTo().getIndex(), batch.getSeen()));
  }

  /** Entries of the peer's journal up to which this cluster has what it needs. */
  synchronized long received() {
    return received;
  }

  /** Entries that the peer has announced and this cluster has not. */
  synchronized long lag() {
    return announced - received;
  }

  synchronized PeerProgress status() {
    return PeerProgress.newBuilder()
        .setCluster(peer)
        .setConnected(connected)
        .setReceivedIndex(received)
        .setLag(announced - received)
        .build();
  }
}
