package social.starling.common;

import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.FileDescriptorMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/** Metrics for Prometheus. Names begin with {@code starling_}; times are in seconds. */
public final class Metrics {

  private Metrics() {}

  /**
   * A registry whose metrics carry {@code process} and the labels given, such as cluster and
   * member.
   */
  public static PrometheusMeterRegistry registry(String process, Map<String, String> labels) {
    PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    registry.config().commonTags("process", process);
    registry
        .config()
        .commonTags(labels.entrySet().stream().map(e -> Tag.of(e.getKey(), e.getValue())).toList());
    return registry;
  }

  /**
   * Adds the JVM's own metrics in the background: they take long to load, so call this when the
   * process is ready.
   */
  @SuppressWarnings("resource") // the collector's listener lives as long as the process
  public static Thread bindJvm(MeterRegistry registry) {
    return Thread.ofVirtual()
        .name("metrics of the JVM")
        .start(() -> {
          new JvmMemoryMetrics().bindTo(registry);
          new JvmGcMetrics().bindTo(registry);
          new JvmThreadMetrics().bindTo(registry);
          new ProcessorMetrics().bindTo(registry);
          new FileDescriptorMetrics().bindTo(registry);
          new UptimeMetrics().bindTo(registry);
        });
  }

  /** Counts and times the calls that a server answers, by method and code. */
  public static ServerInterceptor calls(MeterRegistry registry) {
    return new Calls(registry);
  }

  private static final class Calls implements ServerInterceptor {

    private record Key(String method, Status.Code code) {}

    private final MeterRegistry registry;
    private final Map<Key, Timer> timers = new ConcurrentHashMap<>();

    Calls(MeterRegistry registry) {
      this.registry = registry;
    }

    @Override
    public <Q, A> ServerCall.Listener<Q> interceptCall(
        ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
      long begun = System.nanoTime();
      String method = call.getMethodDescriptor().getFullMethodName();
      return next.startCall(
          new SimpleForwardingServerCall<>(call) {
            @Override
            public void close(Status status, Metadata trailers) {
              timer(method, status.getCode())
                  .record(System.nanoTime() - begun, TimeUnit.NANOSECONDS);
              super.close(status, trailers);
            }
          },
          headers);
    }

    private Timer timer(String method, Status.Code code) {
      return timers.computeIfAbsent(
          new Key(method, code),
          key ->
              Timer.builder("starling_calls")
                  .description("Calls answered, by method and code.")
                  .tag("method", key.method())
                  .tag("code", key.code().name())
                  .register(registry));
    }
  }
}
