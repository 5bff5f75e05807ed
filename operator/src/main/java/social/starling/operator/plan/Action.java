package social.starling.operator.plan;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Quantity;
import java.util.List;
import java.util.Map;

/** One thing to do. Each can be done again without harm. */
public sealed interface Action {

  /** Tell every coordinator that this very process has ended. */
  record ReportDead(String member, String instance) implements Action {}

  /** Write the status before going on, so that serials below this one are never used again. */
  record ReserveSerials(int next) implements Action {}

  /**
   * Tell the coordinators who the members are.
   *
   * @param version of the members that are recorded; 0 when none are
   */
  record RecordMembers(List<String> members, long version) implements Action {

    public RecordMembers {
      members = List.copyOf(members);
    }
  }

  /** Have the coordinators forget the cluster: they refuse while users live there. */
  record Forget() implements Action {}

  /** Ask the master to hand over. */
  record HandOver() implements Action {}

  /** Make an object that must not exist yet; if it does, the next look will see it. */
  record Create(HasMetadata object) implements Action {}

  /** Make an object what it should be, whether it exists or not. */
  record Apply(HasMetadata object) implements Action {}

  /**
   * Delete an object as it was seen; no other of its name.
   *
   * @param atOnce without waiting for its node, which has said that nothing of it runs any more
   */
  record Delete(HasMetadata object, boolean atOnce) implements Action {

    Delete(HasMetadata object) {
      this(object, false);
    }
  }

  /** Set labels of a pod, that very one; a null value takes the label away. */
  record Mark(Pod pod, Map<String, String> labels) implements Action {}

  /** Let a volume grow. */
  record Grow(PersistentVolumeClaim claim, Quantity size) implements Action {}

  /** Tell people: an event about the cluster. */
  record Tell(Importance importance, String reason, String message) implements Action {}

  /** Of an event. */
  enum Importance {
    Normal,
    Warning
  }
}
