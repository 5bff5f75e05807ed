package social.starling.torture.fault;

import java.io.IOException;
import java.net.Socket;

/**
 * One proxied connection, with a {@link Pump} for each direction. Thread-safe.
 *
 * @param dialled what the dialler's connection ends at
 * @param onward the connection to the target
 */
record Connection(Socket dialled, Socket onward) {

  /** Carries what both sides send, until both directions have ended. */
  void carry(Link there, Link back) throws InterruptedException {
    Thread returning = Thread.ofVirtual().name("pump-back").start(new Pump(onward, dialled, back));
    try {
      new Pump(dialled, onward, there).run();
      returning.join();
    } finally {
      returning.interrupt();
      close();
    }
  }

  /** Breaks it, so that both sides notice at once. */
  void reset() {
    Pump.reset(dialled);
    Pump.reset(onward);
  }

  private void close() {
    try (dialled;
        onward) {
      // Closing is all.
    } catch (IOException e) {
      // Both are closed all the same.
    }
  }
}
