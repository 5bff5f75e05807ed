package social.starling.operator.plan;

import social.starling.proto.coordinator.v1.ClusterStatus;

/** What the coordinators say of a cluster. */
public sealed interface Coordination {

  /** None of them answers. */
  record Silent() implements Coordination {}

  /** They do not know it. */
  record Unrecorded() implements Coordination {}

  /** They know it. */
  record Recorded(ClusterStatus status) implements Coordination {}
}
