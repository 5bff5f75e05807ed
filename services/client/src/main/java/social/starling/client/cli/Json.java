package social.starling.client.cli;

import java.util.List;

/**
 * Writes one JSON object on one line of printable characters: what a terminal could act on (control
 * and format characters, also those that JSON would allow) is written as escapes.
 */
final class Json {

  private final StringBuilder text = new StringBuilder("{");

  Json put(String key, String value) {
    key(key);
    quote(value);
    return this;
  }

  Json put(String key, long value) {
    key(key);
    text.append(value);
    return this;
  }

  Json put(String key, boolean value) {
    key(key);
    text.append(value);
    return this;
  }

  Json strings(String key, List<String> values) {
    key(key);
    text.append('[');
    String separator = "";
    for (String value : values) {
      text.append(separator);
      quote(value);
      separator = ",";
    }
    text.append(']');
    return this;
  }

  Json objects(String key, List<Json> values) {
    key(key);
    text.append('[');
    String separator = "";
    for (Json value : values) {
      text.append(separator).append(value);
      separator = ",";
    }
    text.append(']');
    return this;
  }

  Json object(String key, Json value) {
    key(key);
    text.append(value);
    return this;
  }

  /** The object so far, closed. */
  @Override
  public String toString() {
    return text + "}";
  }

  private void key(String key) {
    if (text.length() > 1) {
      text.append(',');
    }
    quote(key);
    text.append(':');
  }

  private void quote(String value) {
    text.append('"');
    for (int i = 0; i < value.length(); ) {
      int c = value.codePointAt(i);
      i += Character.charCount(c);
      switch (c) {
        case '"' -> text.append("\\\"");
        case '\\' -> text.append("\\\\");
        case '\n' -> text.append("\\n");
        case '\r' -> text.append("\\r");
        case '\t' -> text.append("\\t");
        default -> {
          if (Shown.isPlain(c)) {
            text.appendCodePoint(c);
          } else {
            for (char unit : Character.toChars(c)) {
              text.append("\\u%04x".formatted((int) unit));
            }
          }
        }
      }
    }
    text.append('"');
  }
}
