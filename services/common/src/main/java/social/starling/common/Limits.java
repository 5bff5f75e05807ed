package social.starling.common;

import io.grpc.Status.Code;
import social.starling.proto.sns.v1.Reason;
import social.starling.proto.sns.v1.WriteId;

/** What users may send. Each check throws INVALID_ARGUMENT with a sentence. */
public final class Limits {

  /** Characters of a name. */
  public static final int MAX_NAME = 30;

  /** Bytes of UTF-8 of a post. */
  public static final int MAX_POST_BYTES = 5000;

  /** Bytes of a message on a public port. */
  public static final int MAX_MESSAGE_BYTES = 64 * 1024;

  /** Bytes of a message between processes, and of an answer to a client. */
  public static final int MAX_INTERNAL_MESSAGE_BYTES = 16 * 1024 * 1024;

  /** Characters of {@link WriteId#getClient}. */
  public static final int MAX_CLIENT = 64;

  private Limits() {}

  /** A user's name: 1 to 30 of A-Z, a-z, 0-9 and _. Returns it. */
  public static String checkName(String name) {
    if (name.isEmpty() || name.length() > MAX_NAME || !allInName(name)) {
      throw Errors.of(
          Code.INVALID_ARGUMENT,
          Reason.INVALID_NAME,
          "'" + shown(name) + "' is no user name: 1 to 30 of A-Z, a-z, 0-9 and _");
    }
    return name;
  }

  // No stream: names are checked several times in each call.
  private static boolean allInName(String name) {
    for (int i = 0; i < name.length(); i++) {
      if (!inName(name.charAt(i))) {
        return false;
      }
    }
    return true;
  }

  /** The text of a post: 1 to 5,000 bytes of UTF-8. Returns it. */
  public static String checkText(String text) {
    if (text.isEmpty()) {
      throw invalidText("the post is empty; write 1 to 5,000 bytes of text");
    }
    // One char is at least one byte, so a text this long needs no counting.
    int bytes = text.length() > MAX_POST_BYTES ? text.length() : utf8Length(text);
    if (bytes > MAX_POST_BYTES) {
      throw invalidText("the post is longer than 5,000 bytes of UTF-8; shorten it");
    }
    return text;
  }

  /** The id of a write. Returns it. */
  public static WriteId checkWriteId(WriteId write) {
    String client = write.getClient();
    if (client.isEmpty()) {
      throw invalidRequest("the write has no id: set write.client and write.sequence");
    }
    if (client.length() > MAX_CLIENT || !isClient(client)) {
      throw invalidRequest("write.client is not 1 to 64 of A-Z, a-z, 0-9, _ and -");
    }
    if (write.getSequence() <= 0) {
      throw invalidRequest("write.sequence is not 1 or more, below 2^63");
    }
    if (write.getConfirmed() < 0 || write.getConfirmed() >= write.getSequence()) {
      throw invalidRequest("write.confirmed is not below write.sequence");
    }
    return write;
  }

  private static int utf8Length(String text) {
    int bytes = 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c < 0x80) {
        bytes += 1;
      } else if (c < 0x800) {
        bytes += 2;
      } else if (!Character.isSurrogate(c)) {
        bytes += 3;
      } else if (i + 1 < text.length() && Character.isSurrogatePair(c, text.charAt(i + 1))) {
        bytes += 4;
        i++;
      } else {
        throw invalidText("the post is no valid Unicode: half of a surrogate pair");
      }
    }
    return bytes;
  }

  private static boolean inName(int c) {
    return c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '_';
  }

  private static boolean isClient(String client) {
    for (int i = 0; i < client.length(); i++) {
      char c = client.charAt(i);
      if (!inName(c) && c != '-') {
        return false;
      }
    }
    return true;
  }

  private static String shown(String name) {
    StringBuilder shown = new StringBuilder();
    name.codePoints()
        .limit(MAX_NAME + 10L)
        .forEach(c -> shown.appendCodePoint(Character.isISOControl(c) ? '?' : c));
    return shown.length() < name.length() ? shown + "…" : shown.toString();
  }

  private static RuntimeException invalidText(String sentence) {
    return Errors.of(Code.INVALID_ARGUMENT, Reason.INVALID_TEXT, sentence);
  }

  private static RuntimeException invalidRequest(String sentence) {
    return Errors.of(Code.INVALID_ARGUMENT, Reason.INVALID_REQUEST, sentence);
  }
}
