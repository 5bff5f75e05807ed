package social.starling.server.state;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * A 64-bit hash against accidents, not against attackers: it tells one content of a sequence number
 * from another, and sums up tables. Its values are stored, so it never changes.
 */
final class Hash {

  private static final VarHandle LONGS =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
  private static final long SEED = 0x9E3779B97F4A7C15L;

  private Hash() {}

  /** MurmurHash3's finalizer. */
  static long mix(long value) {
    long h = value;
    h = (h ^ h >>> 33) * 0xff51afd7ed558ccdL;
    h = (h ^ h >>> 33) * 0xc4ceb9fe1a85ec53L;
    return h ^ h >>> 33;
  }

  /** Takes one more number in. */
  static long add(long hash, long value) {
    return mix(hash * 31 + SEED ^ mix(value + SEED));
  }

  /** Takes bytes in, and how many there are. */
  static long add(long hash, byte[] bytes) {
    long h = add(hash, bytes.length);
    int i = 0;
    for (; i + 8 <= bytes.length; i += 8) {
      h = Long.rotateLeft(h ^ (long) LONGS.get(bytes, i) * SEED, 29) * 0xff51afd7ed558ccdL;
    }
    long rest = 0;
    for (; i < bytes.length; i++) {
      rest = rest << 8 | bytes[i] & 0xff;
    }
    return add(h, rest);
  }
}
