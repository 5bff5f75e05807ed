package social.starling.common;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.IThrowableProxy;
import ch.qos.logback.classic.spi.StackTraceElementProxy;
import ch.qos.logback.core.encoder.EncoderBase;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import org.slf4j.event.KeyValuePair;

/** One event, one line: as text or as a JSON object. */
final class LineEncoder extends EncoderBase<ILoggingEvent> {

  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSS'Z'").withZone(ZoneOffset.UTC);
  private static final int MAX_CAUSES = 5;

  private final Logging.Format format;
  private final String process;
  private final boolean stacks;

  /**
   * @param stacks whether stack traces are shown below ERROR too; an error that is logged as ERROR
   *     is a fault in the program, and always shows where
   */
  LineEncoder(Logging.Format format, String process, boolean stacks) {
    this.format = format;
    this.process = process;
    this.stacks = stacks;
  }

  @Override
  public byte[] headerBytes() {
    return null;
  }

  @Override
  public byte[] footerBytes() {
    return null;
  }

  @Override
  public byte[] encode(ILoggingEvent event) {
    String line = format == Logging.Format.JSON ? json(event) : text(event);
    return line.getBytes(StandardCharsets.UTF_8);
  }

  private String text(ILoggingEvent event) {
    StringBuilder line = new StringBuilder(160);
    line.append(TIME.format(Instant.ofEpochMilli(event.getTimeStamp()))).append(' ');
    String level = event.getLevel().toString();
    line.append(level).append(" ".repeat(Math.max(1, 6 - level.length())));
    line.append(process).append(' ').append(shortName(event.getLoggerName())).append(": ");
    oneLine(line, event.getFormattedMessage());
    for (KeyValuePair pair : pairs(event)) {
      line.append(' ').append(pair.key).append('=');
      oneLine(line, String.valueOf(pair.value));
    }
    IThrowableProxy thrown = event.getThrowableProxy();
    if (thrown != null) {
      line.append(" error=");
      oneLine(line, summary(thrown));
    }
    line.append('\n');
    if (thrown != null && withStack(event)) {
      line.append(stack(thrown));
    }
    return line.toString();
  }

  private String json(ILoggingEvent event) {
    StringBuilder line = new StringBuilder(200);
    line.append('{');
    field(line, "time", TIME.format(Instant.ofEpochMilli(event.getTimeStamp())));
    field(line, "level", event.getLevel().toString());
    field(line, "process", process);
    field(line, "logger", event.getLoggerName());
    field(line, "thread", event.getThreadName());
    field(line, "message", event.getFormattedMessage());
    for (KeyValuePair pair : pairs(event)) {
      field(line, pair.key, pair.value);
    }
    IThrowableProxy thrown = event.getThrowableProxy();
    if (thrown != null) {
      field(line, "error", summary(thrown));
      if (withStack(event)) {
        field(line, "stack", stack(thrown));
      }
    }
    return line.append("}\n").toString();
  }

  private boolean withStack(ILoggingEvent event) {
    return stacks || event.getLevel().isGreaterOrEqual(Level.ERROR);
  }

  private static List<KeyValuePair> pairs(ILoggingEvent event) {
    return event.getKeyValuePairs() == null ? List.of() : event.getKeyValuePairs();
  }

  private static String shortName(String logger) {
    return logger.substring(logger.lastIndexOf('.') + 1);
  }

  private static String summary(IThrowableProxy thrown) {
    StringBuilder text = new StringBuilder();
    IThrowableProxy at = thrown;
    for (int i = 0; at != null && i < MAX_CAUSES; i++, at = at.getCause()) {
      text.append(i == 0 ? "" : ", caused by ").append(shortName(at.getClassName()));
      if (at.getMessage() != null) {
        text.append(": ").append(at.getMessage());
      }
    }
    return text.toString();
  }

  private static String stack(IThrowableProxy thrown) {
    StringBuilder text = new StringBuilder();
    IThrowableProxy at = thrown;
    for (int i = 0; at != null && i < MAX_CAUSES; i++, at = at.getCause()) {
      text.append(i == 0 ? "" : "caused by ").append(at.getClassName());
      text.append(": ").append(at.getMessage()).append('\n');
      StackTraceElementProxy[] frames = at.getStackTraceElementProxyArray();
      for (int f = 0; f < frames.length - at.getCommonFrames(); f++) {
        text.append("    ").append(frames[f].getSTEAsString()).append('\n');
      }
    }
    return text.toString();
  }

  // A value with a line break in it must not look like another event.
  private static void oneLine(StringBuilder line, String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '\n' -> line.append("\\n");
        case '\r' -> line.append("\\r");
        default -> line.append(Character.isISOControl(c) ? '?' : c);
      }
    }
  }

  private static void field(StringBuilder line, String key, Object value) {
    if (line.length() > 1) {
      line.append(',');
    }
    quote(line, key);
    line.append(':');
    switch (value) {
      case null -> line.append("null");
      case Integer number -> line.append(number.intValue());
      case Long number -> line.append(number.longValue());
      case Boolean flag -> line.append(flag.booleanValue());
      default -> quote(line, value.toString());
    }
  }

  private static void quote(StringBuilder line, String text) {
    line.append('"');
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '"' -> line.append("\\\"");
        case '\\' -> line.append("\\\\");
        case '\n' -> line.append("\\n");
        case '\r' -> line.append("\\r");
        case '\t' -> line.append("\\t");
        default -> {
          if (c < 0x20 || Character.isSurrogate(c) && !paired(text, i)) {
            line.append(String.format("\\u%04x", (int) c));
          } else {
            line.append(c);
          }
        }
      }
    }
    line.append('"');
  }

  private static boolean paired(String text, int i) {
    char c = text.charAt(i);
    return Character.isHighSurrogate(c)
        ? i + 1 < text.length() && Character.isLowSurrogate(text.charAt(i + 1))
        : i > 0 && Character.isHighSurrogate(text.charAt(i - 1));
  }
}
