package social.starling.torture.fault;

import java.io.IOException;
import java.net.Socket;
import java.net.StandardSocketOptions;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Queue;

/**
 * Carries the bytes of one direction of one connection, and then its end, as the {@link Link} lets
 * them through: in order, and held back while it is cut. As in a real network the sender notices
 * nothing, until so much is held that it may not send more.
 *
 * <p>Two threads: {@link #run} reads, and writes too as long as the link is clear; what the link
 * holds back is left to a second one. The queue between them is guarded by this object.
 */
final class Pump implements Runnable {

  private static final int CHUNK = 64 * 1024;

  /** Of the size to which systems let the buffer of a connection grow. */
  private static final int MAX_HELD = 4 * 1024 * 1024;

  private final Socket source;
  private final Socket sink;
  private final Link link;
  private final Queue<Packet> held = new ArrayDeque<>();
  private int heldBytes;
  private long lastArrival = Long.MIN_VALUE;
  private volatile boolean sinkGone;
  private Thread writer;

  private sealed interface Packet {

    long arrival();
  }

  private record Bytes(byte[] bytes, long arrival) implements Packet {}

  /** The sender has sent all that it will send. */
  private record End(long arrival) implements Packet {}

  /** The sender has broken the connection. */
  private record Reset(long arrival) implements Packet {}

  Pump(Socket source, Socket sink, Link link) {
    this.source = source;
    this.sink = sink;
    this.link = link;
  }

  /** Returns when the end of the stream has been passed on, or nobody is left to pass it on to. */
  @Override
  public void run() {
    byte[] buffer = new byte[CHUNK];
    try {
      while (true) {
        int length = read(buffer);
        if (length <= 0) {
          send(length == 0 ? new End(arrival()) : new Reset(arrival()));
          break;
        }
        link.count(length);
        if (link.isClear() && isNothingHeld()) {
          write(buffer, length);
        } else {
          send(new Bytes(Arrays.copyOf(buffer, length), arrival()));
        }
      }
      awaitWriter();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Number of bytes; 0 at the end; -1 when the connection is broken. */
  private int read(byte[] buffer) {
    try {
      return Math.max(0, source.getInputStream().read(buffer));
    } catch (IOException e) {
      return -1;
    }
  }

  private void write(byte[] bytes, int length) {
    if (sinkGone) {
      return;
    }
    try {
      sink.getOutputStream().write(bytes, 0, length);
    } catch (IOException e) {
      // That the receiver is gone is for the other direction to tell, which may be held up.
      sinkGone = true;
    }
  }

  private void end() {
    try {
      sink.shutdownOutput();
    } catch (IOException e) {
      sinkGone = true;
    }
  }

  static void reset(Socket socket) {
    try {
      if (!socket.isClosed()) {
        socket.setOption(StandardSocketOptions.SO_LINGER, 0);
      }
      socket.close();
    } catch (IOException e) {
      // It is gone already, which is what was wanted.
    }
  }

  private long arrival() {
    lastArrival = Math.max(lastArrival, link.arrival());
    return lastArrival;
  }

  private synchronized boolean isNothingHeld() {
    return held.isEmpty();
  }

  private synchronized void send(Packet packet) throws InterruptedException {
    while (heldBytes > MAX_HELD) {
      wait();
    }
    heldBytes += packet instanceof Bytes(byte[] bytes, long _) ? bytes.length : 0;
    held.add(packet);
    if (writer == null) {
      writer = Thread.ofVirtual().name("held").start(this::writeHeld);
    }
    notifyAll();
  }

  private void writeHeld() {
    try {
      while (true) {
        Packet packet = await();
        link.awaitArrival(packet.arrival());
        switch (packet) {
          case Bytes(byte[] bytes, long _) -> write(bytes, bytes.length);
          case End _ -> end();
          case Reset _ -> reset(sink);
        }
        if (!(packet instanceof Bytes)) {
          return;
        }
        remove();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** The next one stays in the queue until it is written: nothing may overtake it. */
  private synchronized Packet await() throws InterruptedException {
    while (held.isEmpty()) {
      wait();
    }
    return held.element();
  }

  private synchronized void remove() {
    if (held.remove() instanceof Bytes(byte[] bytes, long _)) {
      heldBytes -= bytes.length;
    }
    notifyAll();
  }

  private void awaitWriter() throws InterruptedException {
    Thread last;
    synchronized (this) {
      last = writer;
    }
    try {
      last.join();
    } catch (InterruptedException e) {
      last.interrupt();
      throw e;
    }
  }
}
