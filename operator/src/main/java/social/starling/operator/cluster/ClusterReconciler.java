package social.starling.operator.cluster;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeCondition;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.javaoperatorsdk.operator.api.config.informer.InformerEventSourceConfiguration;
import io.javaoperatorsdk.operator.api.reconciler.Cleaner;
import io.javaoperatorsdk.operator.api.reconciler.Context;
import io.javaoperatorsdk.operator.api.reconciler.ControllerConfiguration;
import io.javaoperatorsdk.operator.api.reconciler.DeleteControl;
import io.javaoperatorsdk.operator.api.reconciler.EventSourceContext;
import io.javaoperatorsdk.operator.api.reconciler.MaxReconciliationInterval;
import io.javaoperatorsdk.operator.api.reconciler.Reconciler;
import io.javaoperatorsdk.operator.api.reconciler.UpdateControl;
import io.javaoperatorsdk.operator.processing.event.ResourceID;
import io.javaoperatorsdk.operator.processing.event.source.EventSource;
import io.javaoperatorsdk.operator.processing.event.source.inbound.SimpleInboundEventSource;
import io.javaoperatorsdk.operator.processing.event.source.informer.InformerEventSource;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import social.starling.operator.api.SnsCluster;
import social.starling.operator.coordination.Coordinators;
import social.starling.operator.model.Labels;
import social.starling.operator.model.Settings;
import social.starling.operator.plan.Observation;
import social.starling.operator.plan.Plan;
import social.starling.operator.plan.Planner;

/**
 * Cares for clusters: looks at everything, makes a plan, carries it out, always from the beginning.
 *
 * <p>It is woken by changes of the object, of pods and claims of its cluster, of the readiness of
 * any node, and by what the coordinators push; and by time, for what nobody tells.
 *
 * <p>The SDK runs it for one object at a time, for several objects at once.
 */
@ControllerConfiguration(
    name = "snscluster",
    finalizerName = Labels.FINALIZER,
    maxReconciliationInterval =
        @MaxReconciliationInterval(interval = 30, timeUnit = TimeUnit.SECONDS))
public final class ClusterReconciler implements Reconciler<SnsCluster>, Cleaner<SnsCluster> {

  private static final Duration AFTER_FAILURE = Duration.ofMillis(500);
  private static final Duration AFTER_OUTAGE = Duration.ofSeconds(2);

  private final Logger log = LoggerFactory.getLogger(ClusterReconciler.class);
  private final KubernetesClient client;
  private final Settings settings;
  private final Observer observer;
  private final Planner planner;
  private final Executor executor;
  private final MeterRegistry registry;
  private final SimpleInboundEventSource<SnsCluster> news =
      new SimpleInboundEventSource<>("coordinators");

  /**
   * @param reporter this operator's pod, for events
   */
  public ClusterReconciler(
      KubernetesClient client,
      Coordinators coordinators,
      Settings settings,
      Clock clock,
      String reporter,
      MeterRegistry registry) {
    this.client = client;
    this.settings = settings;
    this.observer = new Observer(client, coordinators, settings, clock);
    this.planner = new Planner(settings);
    this.executor = new Executor(client, coordinators, new Events(client, clock, reporter));
    this.registry = registry;
  }

  /** The coordinators have something new about a cluster. Never blocks. */
  public void wake(String cluster) {
    news.propagateEvent(new ResourceID(cluster, settings.namespace()));
  }

  @Override
  public List<EventSource<?, SnsCluster>> prepareEventSources(
      EventSourceContext<SnsCluster> context) {
    InformerEventSourceConfiguration<Pod> pods =
        InformerEventSourceConfiguration.from(Pod.class, SnsCluster.class)
            .withLabelSelector(Labels.CLUSTER + "," + Labels.COMPONENT + "=" + Labels.SERVER)
            .withSecondaryToPrimaryMapper(ClusterReconciler::clusterOf)
            .build();
    InformerEventSourceConfiguration<PersistentVolumeClaim> claims =
        InformerEventSourceConfiguration.from(PersistentVolumeClaim.class, SnsCluster.class)
            .withLabelSelector(Labels.CLUSTER)
            .withSecondaryToPrimaryMapper(ClusterReconciler::clusterOf)
            .build();
    InformerEventSourceConfiguration<Node> nodes =
        InformerEventSourceConfiguration.from(Node.class, SnsCluster.class)
            .withWatchAllNamespaces()
            .withOnUpdateFilter((now, before) -> !readiness(now).equals(readiness(before)))
            .withSecondaryToPrimaryMapper(_ ->
                context
                    .getPrimaryCache()
                    .list()
                    .map(ResourceID::fromResource)
                    .collect(Collectors.toSet()))
            .build();
    return List.of(
        new InformerEventSource<>(pods, context),
        new InformerEventSource<>(claims, context),
        new InformerEventSource<>(nodes, context),
        news);
  }

  @Override
  public UpdateControl<SnsCluster> reconcile(SnsCluster cluster, Context<SnsCluster> context) {
    Outcome outcome = work(cluster);
    return UpdateControl.<SnsCluster>noUpdate().rescheduleAfter(outcome.again());
  }

  @Override
  public DeleteControl cleanup(SnsCluster cluster, Context<SnsCluster> context) {
    Outcome outcome = work(cluster);
    return outcome.released()
        ? DeleteControl.defaultDelete()
        : DeleteControl.noFinalizerRemoval().rescheduleAfter(outcome.again().toMillis());
  }

  private record Outcome(Duration again, boolean released) {}

  /** What comes from the SDK may be older than the status that was written last. */
  private Outcome work(SnsCluster remembered) {
    Timer.Sample begun = Timer.start(registry);
    String result = "failed";
    try {
      SnsCluster cluster = client.resource(remembered).get();
      if (cluster == null) {
        result = "gone";
        return new Outcome(AFTER_OUTAGE, true);
      }
      Observation seen = observer.observe(cluster);
      Plan plan = planner.plan(seen);
      boolean done =
          executor.execute(
              cluster,
              plan,
              deletion -> planner.plan(observer.askAgain(seen)).actions().contains(deletion));
      result = done ? "done" : "incomplete";
      Duration again =
          done || plan.again().compareTo(AFTER_FAILURE) < 0 ? plan.again() : AFTER_FAILURE;
      return new Outcome(again, plan.released() && done);
    } catch (KubernetesClientException e) {
      log.atWarn()
          .addKeyValue("cluster", remembered.getMetadata().getName())
          .addKeyValue("reason", e.getMessage())
          .log("the API server could not be asked; trying again");
      return new Outcome(AFTER_OUTAGE, false);
    } finally {
      begun.stop(
          Timer.builder("starling.operator.reconciliations")
              .description("Looks at a cluster, and what was done about it.")
              .tag("outcome", result)
              .register(registry));
    }
  }

  private static Set<ResourceID> clusterOf(HasMetadata object) {
    return Labels.cluster(object)
        .map(name -> Set.of(new ResourceID(name, object.getMetadata().getNamespace())))
        .orElse(Set.of());
  }

  private static Optional<String> readiness(Node node) {
    return node.getStatus().getConditions().stream()
        .filter(condition -> condition.getType().equals("Ready"))
        .map(NodeCondition::getStatus)
        .findFirst();
  }
}
