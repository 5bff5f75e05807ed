package social.starling.client.cli;

import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import social.starling.common.Limits;

/** Checks what a person gives, before anything is sent. */
final class Input {

  /** What decoders put in the place of bytes that are no character. */
  static final char REPLACEMENT = '\ufffd';

  private Input() {}

  /** A user's name. */
  static String name(String name) {
    try {
      return Limits.checkName(name);
    } catch (StatusRuntimeException e) {
      throw new InputException("INVALID_NAME", e.getStatus().getDescription());
    }
  }

  /** The text of a post. */
  static String text(String text) {
    try {
      return Limits.checkText(text);
    } catch (StatusRuntimeException e) {
      throw new InputException("INVALID_TEXT", e.getStatus().getDescription());
    }
  }

  /**
   * The text of a post, given as an argument. The virtual machine decodes arguments by the locale
   * and replaces what does not fit, which must not be posted.
   */
  static String argument(String text) {
    if (text.indexOf(REPLACEMENT) >= 0) {
      throw new InputException(
          "INVALID_TEXT",
          "the text has characters that the locale of this terminal cannot pass; set"
              + " LC_ALL=C.UTF-8, or give the text on standard input");
    }
    return text(text);
  }

  /** The text of a post from a file or pipe, without one line break at its end. */
  static String text(InputStream in) {
    try {
      // A text of the greatest length, a line break of two bytes, and one more to tell a longer.
      byte[] bytes = in.readNBytes(Limits.MAX_POST_BYTES + 3);
      return text(decode(bytes, withoutLineBreak(bytes)));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The id of a post. */
  static long id(String id) {
    try {
      long number = Long.parseLong(id);
      if (number > 0 && id.chars().allMatch(c -> c >= '0' && c <= '9')) {
        return number;
      }
    } catch (NumberFormatException e) {
      throw noId(id);
    }
    throw noId(id);
  }

  /** Text of valid UTF-8. */
  static String decode(byte[] bytes, int length) {
    try {
      return StandardCharsets.UTF_8
          .newDecoder()
          .decode(ByteBuffer.wrap(bytes, 0, length))
          .toString();
    } catch (CharacterCodingException e) {
      if (length > Limits.MAX_POST_BYTES) {
        // It may have been cut in the middle of a character.
        throw new InputException(
            "INVALID_TEXT", "the post is longer than 5,000 bytes of UTF-8; shorten it");
      }
      throw new InputException(
          "INVALID_TEXT", "the input is no valid UTF-8; convert it, for instance with iconv");
    }
  }

  private static int withoutLineBreak(byte[] bytes) {
    int end = bytes.length;
    if (end > 0 && bytes[end - 1] == '\n') {
      end--;
      if (end > 0 && bytes[end - 1] == '\r') {
        end--;
      }
    }
    return end;
  }

  private static InputException noId(String id) {
    return new InputException(
        "INVALID_REQUEST",
        "'" + id + "' is no post's id; `starling posts --output json` shows them");
  }
}
