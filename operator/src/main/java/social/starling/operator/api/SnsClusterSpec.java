package social.starling.operator.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Default;
import io.fabric8.generator.annotation.Max;
import io.fabric8.generator.annotation.Min;
import io.fabric8.generator.annotation.Pattern;
import io.fabric8.generator.annotation.Size;
import io.fabric8.generator.annotation.ValidationRule;
import io.fabric8.kubernetes.api.model.Affinity;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.Toleration;
import io.fabric8.kubernetes.api.model.TopologySpreadConstraint;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** What a cluster is to be. Everything has a default. */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record SnsClusterSpec(
    @JsonPropertyDescription("The volume of each member.") @Default("{}") Storage storage,
    @JsonPropertyDescription("CPU and memory of each member.") Resources resources,
    @JsonPropertyDescription("Where the members may run.") Placement placement,
    @JsonPropertyDescription("How fast a fault is noticed.") @Default("{}") Timers timers,
    @JsonPropertyDescription(
            "With 2, writes are refused while there is one copy only; with 1 they go on.")
        @Default("1")
        @Min(1)
        @Max(2)
        Integer minInSync,
    @JsonPropertyDescription(
            "The operator changes nothing of this cluster while true. Promotions go on: they do not"
                + " need it.")
        @Default("false")
        Boolean paused,
    @JsonPropertyDescription(
            "Image of the members, instead of the operator's default. Changing it upgrades the"
                + " slave first, hands over, and upgrades the other.")
        @Size(min = 1, max = 512)
        String image) {

  /** What an object without a spec means. */
  public static final SnsClusterSpec DEFAULT =
      new SnsClusterSpec(null, null, null, null, null, null, null);

  /** With defaults where nothing was said. */
  public SnsClusterSpec {
    storage = storage == null ? Storage.DEFAULT : storage;
    resources = resources == null ? new Resources(null, null) : resources;
    placement = placement == null ? new Placement(null, null, null, null) : placement;
    timers = timers == null ? new Timers(null, null, null) : timers;
    minInSync = minInSync == null ? 1 : minInSync;
    paused = paused != null && paused;
  }

  /** The volume of each member. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  @ValidationRule(
      value =
          "has(self.storageClassName) == has(oldSelf.storageClassName) &&"
              + " (!has(self.storageClassName) || self.storageClassName =="
              + " oldSelf.storageClassName)",
      message = "storageClassName cannot be changed")
  @ValidationRule(
      value =
          "isQuantity(string(self.size)) &&"
              + " quantity(string(self.size)).compareTo(quantity('256Mi')) >= 0",
      message = "size is a quantity of 256Mi or more")
  @ValidationRule(
      value = "quantity(string(self.size)).compareTo(quantity(string(oldSelf.size))) >= 0",
      message = "size cannot shrink")
  public record Storage(
      @JsonPropertyDescription("Size of each volume; it can grow if the storage class allows that.")
          @Default("\"1Gi\"")
          Quantity size,
      @JsonPropertyDescription("The cluster's default class when nothing is said.")
          @Size(min = 1, max = 253)
          String storageClassName) {

    static final Storage DEFAULT = new Storage(null, null);

    public Storage {
      size = size == null ? new Quantity("1Gi") : size;
    }
  }

  /** CPU and memory of each member. */
  @JsonInclude(JsonInclude.Include.NON_EMPTY)
  public record Resources(Map<String, Quantity> requests, Map<String, Quantity> limits) {

    public Resources {
      requests = sorted(requests);
      limits = sorted(limits);
    }
  }

  /** Where the members may run. Without affinity they avoid each other's node if they can. */
  @JsonInclude(JsonInclude.Include.NON_EMPTY)
  public record Placement(
      Map<String, String> nodeSelector,
      List<Toleration> tolerations,
      Affinity affinity,
      List<TopologySpreadConstraint> topologySpread) {

    public Placement {
      nodeSelector = sorted(nodeSelector);
      tolerations = tolerations == null ? List.of() : List.copyOf(tolerations);
      topologySpread = topologySpread == null ? List.of() : List.copyOf(topologySpread);
    }
  }

  /** How fast a fault is noticed; shorter is faster, and more often wrong. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  @ValidationRule(
      value = "duration(self.heartbeat) >= duration('1ms')",
      message = "heartbeat must be 1ms or more")
  @ValidationRule(
      value =
          "duration(self.silence) >= duration(self.heartbeat) + duration(self.heartbeat) + duration(self.heartbeat)",
      message = "silence must be at least three heartbeats")
  @ValidationRule(
      value = "duration(self.lease) >= duration(self.heartbeat) + duration(self.heartbeat)",
      message = "lease must be at least two heartbeats")
  @ValidationRule(
      value = "duration(self.lease) < duration(self.silence)",
      message = "lease must be shorter than silence")
  public record Timers(
      @JsonPropertyDescription(
              "How often a process says that it is there: a whole number of ms or s, as 100ms.")
          @Default("\"100ms\"")
          @Pattern("^[0-9]{1,6}(ms|s)$")
          String heartbeat,
      @JsonPropertyDescription(
              "How long nothing may be heard before a process is suspected, as 1s.")
          @Default("\"1s\"")
          @Pattern("^[0-9]{1,6}(ms|s)$")
          String silence,
      @JsonPropertyDescription(
              "How long a master may serve reads after its slave's last word, as 300ms.")
          @Default("\"300ms\"")
          @Pattern("^[0-9]{1,6}(ms|s)$")
          String lease) {

    public Timers {
      heartbeat = heartbeat == null ? "100ms" : heartbeat;
      silence = silence == null ? "1s" : silence;
      lease = lease == null ? "300ms" : lease;
    }
  }

  // Not Map.copyOf: its order changes from process to process, and with it what is made of it.
  private static <V> Map<String, V> sorted(Map<String, V> map) {
    return map == null ? Map.of() : Collections.unmodifiableMap(new TreeMap<>(map));
  }
}
