package social.starling.operator.cluster;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.Resource;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.grpc.StatusRuntimeException;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import social.starling.operator.api.SnsCluster;
import social.starling.operator.api.SnsClusterStatus;
import social.starling.operator.coordination.Coordinators;
import social.starling.operator.plan.Action;
import social.starling.operator.plan.Action.Importance;
import social.starling.operator.plan.Plan;

/**
 * Does what a plan says, in order. The first action that fails ends it, except those without which
 * the rest is as good: the next plan begins with what is there then. Thread-safe.
 */
final class Executor {

  private static final int NOT_FOUND = 404;
  private static final int CONFLICT = 409;
  private static final int STATUS_ATTEMPTS = 3;
  private static final String MANAGER = "starling-operator";

  private final Logger log = LoggerFactory.getLogger(Executor.class);
  private final KubernetesClient client;
  private final Coordinators coordinators;
  private final Events events;

  Executor(KubernetesClient client, Coordinators coordinators, Events events) {
    this.client = client;
    this.coordinators = coordinators;
    this.events = events;
  }

  /**
   * Carries it out, and writes the status in any case.
   *
   * @param stillRight asked right before something is deleted that may be in use: since the plan
   *     was made another member may have become master, and what is about to go the only copy
   * @return whether all of it was done
   */
  boolean execute(SnsCluster cluster, Plan plan, Predicate<Action.Delete> stillRight) {
    SnsCluster current = cluster;
    boolean done = true;
    for (Action action : plan.actions()) {
      done = done && (!(action instanceof Action.Delete it) || stands(current, it, stillRight));
      if (!done) {
        break;
      }
      try {
        current = execute(current, action, plan.status());
      } catch (KubernetesClientException | StatusRuntimeException e) {
        done = survived(current, action, e);
      }
    }
    for (Action.Tell news : plan.news()) {
      events.tell(current, news.importance(), news.reason(), news.message());
    }
    if (!plan.released()) {
      write(current, plan.status());
    }
    return done;
  }

  /** A process that has ended, as its node saw, does not come back whatever was said since. */
  private boolean stands(
      SnsCluster cluster, Action.Delete deletion, Predicate<Action.Delete> stillRight) {
    if (deletion.atOnce() || stillRight.test(deletion)) {
      return true;
    }
    log.atInfo()
        .addKeyValue("kind", deletion.object().getKind())
        .addKeyValue("name", deletion.object().getMetadata().getName())
        .addKeyValue("cluster", cluster.getMetadata().getName())
        .log("not deleted: the coordinators do not say any more what the plan was made from");
    return false;
  }

  private SnsCluster execute(SnsCluster cluster, Action action, SnsClusterStatus status) {
    String name = cluster.getMetadata().getName();
    if (!(action instanceof Action.Tell)) {
      log.atDebug().addKeyValue("cluster", name).addKeyValue("action", action).log("does");
    }
    switch (action) {
      case Action.ReportDead(String member, String instance) ->
          coordinators.reportDead(name, member, instance);
      case Action.ReserveSerials _ -> {
        return write(cluster, status);
      }
      case Action.RecordMembers record ->
          coordinators.record(name, record.members(), record.version());
      case Action.Forget _ -> coordinators.forget(name);
      case Action.HandOver _ -> coordinators.handOver(name);
      case Action.Create(HasMetadata object) -> create(object);
      case Action.Apply(HasMetadata object) ->
          client.resource(object).fieldManager(MANAGER).forceConflicts().serverSideApply();
      case Action.Delete(HasMetadata object, boolean atOnce) -> delete(object, atOnce);
      case Action.Mark(Pod pod, Map<String, String> labels) -> mark(pod, labels);
      case Action.Grow grow ->
          client
              .resource(grow.claim())
              .patch(
                  PatchContext.of(PatchType.JSON_MERGE),
                  Serialization.asJson(
                      Map.of(
                          "spec",
                          Map.of(
                              "resources",
                              Map.of("requests", Map.of("storage", grow.size().toString()))))));
      case Action.Tell(Importance importance, String reason, String message) ->
          events.tell(cluster, importance, reason, message);
    }
    return cluster;
  }

  private void create(HasMetadata object) {
    try {
      client.resource(object).create();
      log.atInfo()
          .addKeyValue("kind", object.getKind())
          .addKeyValue("name", object.getMetadata().getName())
          .log("created");
    } catch (KubernetesClientException e) {
      if (e.getCode() != CONFLICT) {
        throw e;
      }
    }
  }

  private void delete(HasMetadata object, boolean atOnce) {
    try {
      Resource<HasMetadata> there = client.resource(object);
      if (atOnce) {
        // The client cannot ask for a version and for haste in one request.
        HasMetadata now = there.get();
        if (now == null || !now.getMetadata().getUid().equals(object.getMetadata().getUid())) {
          return;
        }
        there.withGracePeriod(0).delete();
      } else {
        there.lockResourceVersion(object.getMetadata().getResourceVersion()).delete();
      }
      log.atInfo()
          .addKeyValue("kind", object.getKind())
          .addKeyValue("name", object.getMetadata().getName())
          .log("deleted");
    } catch (KubernetesClientException e) {
      if (e.getCode() != NOT_FOUND) {
        throw e;
      }
    }
  }

  /** The UID makes it that very pod: one of the same name that came after is left alone. */
  private void mark(Pod pod, Map<String, String> labels) {
    Map<String, Object> metadata = new HashMap<>();
    metadata.put("uid", pod.getMetadata().getUid());
    metadata.put("labels", labels);
    try {
      client
          .resource(pod)
          .patch(
              PatchContext.of(PatchType.JSON_MERGE),
              Serialization.asJson(Map.of("metadata", metadata)));
    } catch (KubernetesClientException e) {
      if (e.getCode() != NOT_FOUND && e.getCode() != CONFLICT) {
        throw e;
      }
    }
  }

  private SnsCluster write(SnsCluster cluster, SnsClusterStatus status) {
    if (Objects.equals(cluster.getStatus(), status)) {
      return cluster;
    }
    KubernetesClientException last = null;
    for (int attempt = 0; attempt < STATUS_ATTEMPTS; attempt++) {
      SnsCluster changed = client.resource(cluster).get();
      if (changed == null) {
        return cluster;
      }
      changed.setStatus(status);
      try {
        return client.resource(changed).updateStatus();
      } catch (KubernetesClientException e) {
        // A person, or the SDK's finalizer, was faster; nobody else writes a status.
        if (e.getCode() != CONFLICT) {
          throw e;
        }
        last = e;
      }
    }
    throw last;
  }

  /** Says what failed; whether the rest of the plan can still be done. */
  private boolean survived(SnsCluster cluster, Action action, RuntimeException failure) {
    log.atWarn()
        .addKeyValue("cluster", cluster.getMetadata().getName())
        .addKeyValue("action", action.getClass().getSimpleName())
        .addKeyValue("reason", sentence(failure))
        .log("an action failed");
    switch (action) {
      case Action.Forget _ -> {
        events.tell(cluster, Importance.Warning, "DeletionRefused", sentence(failure));
        return true;
      }
      case Action.HandOver _ -> {
        events.tell(cluster, Importance.Warning, "HandoverRefused", sentence(failure));
        return true;
      }
      case Action.Grow grow -> {
        events.tell(
            cluster,
            Importance.Warning,
            "GrowthRefused",
            grow.claim().getMetadata().getName() + ": " + sentence(failure));
        return true;
      }
      case Action.RecordMembers _ -> {
        events.tell(cluster, Importance.Warning, "RecordRefused", sentence(failure));
        return false;
      }
      case Action.Create create -> {
        events.tell(
            cluster,
            Importance.Warning,
            "CreationRefused",
            create.object().getKind()
                + " "
                + create.object().getMetadata().getName()
                + ": "
                + sentence(failure));
        return false;
      }
      case Action.Tell _ -> {
        return true;
      }
      case Action.ReportDead _,
          Action.ReserveSerials _,
          Action.Apply _,
          Action.Delete _,
          Action.Mark _ -> {
        return false;
      }
    }
  }

  private static String sentence(RuntimeException failure) {
    if (failure instanceof StatusRuntimeException grpc
        && grpc.getStatus().getDescription() != null) {
      return grpc.getStatus().getDescription();
    }
    if (failure instanceof KubernetesClientException api
        && api.getStatus() != null
        && api.getStatus().getMessage() != null) {
      return api.getStatus().getMessage();
    }
    return String.valueOf(failure.getMessage());
  }
}
