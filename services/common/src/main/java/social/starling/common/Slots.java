package social.starling.common;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Locale;

/** Users' names are spread over slots, and slots belong to clusters. */
public final class Slots {

  /** Number of slots, for ever: changing it would move users. */
  public static final int COUNT = 1024;

  private Slots() {}

  /** The slot of a name, 0 to 1,023: the first ten bits of SHA-256 of the lower-cased name. */
  public static int of(String name) {
    byte[] digest = sha256().digest(name.toLowerCase(Locale.ROOT).getBytes(StandardCharsets.UTF_8));
    return (digest[0] & 0xff) << 2 | (digest[1] & 0xff) >>> 6;
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("this Java has no SHA-256", e);
    }
  }
}
