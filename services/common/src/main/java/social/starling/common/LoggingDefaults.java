package social.starling.common;

import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.Configurator;
import ch.qos.logback.classic.spi.ConfiguratorRank;
import ch.qos.logback.core.spi.ContextAwareBase;

/** Found by Logback: warnings as text until {@link Logging#configure} is called. */
@ConfiguratorRank(ConfiguratorRank.CUSTOM_TOP_PRIORITY)
public final class LoggingDefaults extends ContextAwareBase implements Configurator {

  @Override
  public ExecutionStatus configure(LoggerContext context) {
    Logging.apply(context, Logging.Format.TEXT, Logging.Level.WARN, "starling");
    return ExecutionStatus.DO_NOT_INVOKE_NEXT_IF_ANY;
  }
}
