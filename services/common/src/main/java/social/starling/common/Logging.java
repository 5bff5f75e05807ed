package social.starling.common;

import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.joran.spi.ConsoleTarget;
import java.util.logging.LogManager;
import org.slf4j.LoggerFactory;
import org.slf4j.bridge.SLF4JBridgeHandler;

/** Logs on standard error, set up in code: reading XML would cost a third of the start-up time. */
public final class Logging {

  /** How a line looks. */
  public enum Format {
    TEXT,
    JSON
  }

  /** What is logged. */
  public enum Level {
    ERROR,
    WARN,
    INFO,
    DEBUG,
    TRACE
  }

  private Logging() {}

  /**
   * Sets up logging for the whole process, replacing what was set up before.
   *
   * @param process shown in each line, such as {@code router} or {@code alpha-1}
   */
  public static void configure(Format format, Level level, String process) {
    LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();
    context.reset();
    apply(context, format, level, process);
    LogManager.getLogManager().reset();
    SLF4JBridgeHandler.install();
  }

  static void apply(LoggerContext context, Format format, Level level, String process) {
    LineEncoder encoder = new LineEncoder(format, process, level.compareTo(Level.DEBUG) >= 0);
    encoder.setContext(context);
    encoder.start();
    ConsoleAppender<ILoggingEvent> appender = new ConsoleAppender<>();
    appender.setContext(context);
    appender.setName("stderr");
    appender.setTarget(ConsoleTarget.SystemErr.getName());
    appender.setEncoder(encoder);
    appender.start();
    ch.qos.logback.classic.Logger root = context.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
    root.setLevel(ch.qos.logback.classic.Level.valueOf(level.name()));
    root.addAppender(appender);
    // The transport's own debug output would drown ours.
    context
        .getLogger("io.grpc")
        .setLevel(
            level == Level.ERROR
                ? ch.qos.logback.classic.Level.ERROR
                : ch.qos.logback.classic.Level.WARN);
    // It warns of each message that a caller made too large; the caller is told, which is enough.
    context
        .getLogger("io.grpc.netty.shaded.io.grpc.netty.NettyServerStream")
        .setLevel(ch.qos.logback.classic.Level.ERROR);
  }
}
