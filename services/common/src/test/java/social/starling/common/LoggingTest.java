package social.starling.common;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.LoggingEvent;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Struct;
import com.google.protobuf.util.JsonFormat;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;
import org.slf4j.event.KeyValuePair;

class LoggingTest {

  private final LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();

  private LoggingEvent event(Level level, String message, Throwable thrown) {
    var logger = context.getLogger("social.starling.some.Class");
    LoggingEvent event = new LoggingEvent("caller", logger, level, message, thrown, null);
    event.setTimeStamp(1_763_773_801_123L);
    return event;
  }

  private static String encode(Logging.Format format, boolean stacks, LoggingEvent event) {
    byte[] line = new LineEncoder(format, "alpha-1", stacks).encode(event);
    return new String(line, StandardCharsets.UTF_8);
  }

  private static Struct parsed(String json) throws InvalidProtocolBufferException {
    Struct.Builder struct = Struct.newBuilder();
    JsonFormat.parser().merge(json, struct);
    return struct.build();
  }

  @Test
  void aTextLineHasTimeLevelProcessLoggerMessageAndPairs() {
    LoggingEvent event = event(Level.INFO, "promoted", null);
    event.addKeyValuePair(new KeyValuePair("epoch", 7L));
    assertThat(encode(Logging.Format.TEXT, false, event))
        .isEqualTo("2025-11-22T01:10:01.123Z INFO  alpha-1 Class: promoted epoch=7\n");
  }

  @Test
  void whatComesFromOutsideCannotForgeALine() {
    LoggingEvent event = event(Level.INFO, "name", null);
    event.addKeyValuePair(new KeyValuePair("name", "x\n2025 ERROR\u001b[31m"));
    String line = encode(Logging.Format.TEXT, false, event);
    assertThat(line).hasLineCount(1).contains("name=x\\n2025 ERROR?[31m");
  }

  @Test
  void aJsonLineIsOneObjectWhateverItHolds() throws Exception {
    LoggingEvent event = event(Level.WARN, "\"quoted\" \\ \n\t\u0001 \ud83d ä 😀", null);
    event.addKeyValuePair(new KeyValuePair("epoch", 7L));
    event.addKeyValuePair(new KeyValuePair("nothing", null));
    String line = encode(Logging.Format.JSON, false, event);
    assertThat(line).hasLineCount(1).contains("\"epoch\":7,").contains("\\ud83d");
    Struct object = parsed(line.replace("\\ud83d", ""));
    assertThat(object.getFieldsOrThrow("level").getStringValue()).isEqualTo("WARN");
    assertThat(object.getFieldsOrThrow("message").getStringValue())
        .isEqualTo("\"quoted\" \\ \n\t\u0001  ä 😀");
  }

  @Test
  void belowErrorAFailureIsTheChainOfItsMessagesUnlessStacksAreWanted() {
    Exception thrown = new IllegalStateException("outer", new RuntimeException("inner"));
    LoggingEvent warning = event(Level.WARN, "trouble", thrown);
    assertThat(encode(Logging.Format.TEXT, false, warning))
        .hasLineCount(1)
        .contains("error=IllegalStateException: outer, caused by RuntimeException: inner");
    assertThat(encode(Logging.Format.TEXT, true, warning)).contains("LoggingTest.");
    assertThat(encode(Logging.Format.TEXT, false, event(Level.ERROR, "fault", thrown)))
        .contains("LoggingTest.");
  }
}
