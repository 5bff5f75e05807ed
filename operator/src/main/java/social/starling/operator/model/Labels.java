package social.starling.operator.model;

import io.fabric8.kubernetes.api.model.HasMetadata;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Labels and annotations. */
public final class Labels {

  public static final String CLUSTER = "starling.social/cluster";
  public static final String SERIAL = "starling.social/serial";

  /** {@code master} or {@code slave}; on members' pods only. */
  public static final String ROLE = "starling.social/role";

  /** {@code true} on pods of members that hold every acknowledged write. */
  public static final String IN_SYNC = "starling.social/in-sync";

  public static final String COMPONENT = "app.kubernetes.io/component";
  public static final String SERVER = "server";
  public static final String SYNCHRONIZER = "synchronizer";

  /** Annotation: what the pod was made from; another value means that it is out of date. */
  public static final String REVISION = "starling.social/revision";

  /** Annotation: how often in a row this member's pod ended soon after its start. */
  public static final String ATTEMPTS = "starling.social/attempts";

  /** Annotation of an {@code SnsCluster}: {@code "true"} allows deletion while users live there. */
  public static final String ALLOW_DELETION = "starling.social/allow-deletion";

  public static final String FINALIZER = "starling.social/cluster";

  private Labels() {}

  /** What every object of a cluster carries. */
  static Map<String, String> of(String cluster, String component) {
    Map<String, String> labels = new TreeMap<>(selector(cluster, component));
    labels.put("app.kubernetes.io/part-of", "starling");
    labels.put("app.kubernetes.io/managed-by", "starling-operator");
    return labels;
  }

  static Map<String, String> selector(String cluster, String component) {
    return new TreeMap<>(
        Map.of(
            "app.kubernetes.io/name",
            "starling",
            "app.kubernetes.io/instance",
            cluster,
            COMPONENT,
            component,
            CLUSTER,
            cluster));
  }

  /** The cluster that an object belongs to. */
  public static Optional<String> cluster(HasMetadata object) {
    return label(object, CLUSTER);
  }

  public static boolean isServer(HasMetadata object) {
    return label(object, COMPONENT).filter(SERVER::equals).isPresent();
  }

  public static Optional<String> label(HasMetadata object, String key) {
    return Optional.ofNullable(object.getMetadata().getLabels()).map(labels -> labels.get(key));
  }

  public static Optional<String> annotation(HasMetadata object, String key) {
    return Optional.ofNullable(object.getMetadata().getAnnotations())
        .map(annotations -> annotations.get(key));
  }
}
