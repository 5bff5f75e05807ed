package social.starling.common;

import io.grpc.netty.shaded.io.netty.util.ResourceLeakDetector;

/**
 * Netty follows one buffer of 128 from its making to its end, with stack traces, to find those that
 * are never released. That is for who writes such code: here gRPC alone handles buffers.
 */
final class BufferLeaks {

  private static final String LEVEL = "io.grpc.netty.shaded.io.netty.leakDetection.level";

  private BufferLeaks() {}

  /** Has none looked for, unless Netty's property asks for it. */
  static void ignore() {
    if (System.getProperty(LEVEL) == null) {
      ResourceLeakDetector.setLevel(ResourceLeakDetector.Level.DISABLED);
    }
  }
}
