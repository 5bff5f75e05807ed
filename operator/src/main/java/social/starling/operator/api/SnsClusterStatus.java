package social.starling.operator.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.kubernetes.api.model.Condition;
import java.util.List;

/** How a cluster is, as the operator last saw it. */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record SnsClusterStatus(
    @JsonPropertyDescription("The generation of the spec that this status is about.")
        Long observedGeneration,
    Phase phase,
    @JsonPropertyDescription("The phase, in a sentence.") String message,
    String master,
    String slave,
    @JsonPropertyDescription("Members that hold every acknowledged write.") List<String> inSync,
    @JsonPropertyDescription("In-sync members of all, such as 2/2.") String copies,
    @JsonPropertyDescription("Rises with each change of master or of the in-sync members.")
        Long epoch,
    @JsonPropertyDescription("Users who live in this cluster.") Long users,
    @JsonPropertyDescription("Number of the cluster; never given to another.") Integer number,
    LastFailover lastFailover,
    @JsonPropertyDescription("Both members.") List<MemberState> members,
    @JsonPropertyDescription("The serial of the next new volume. Serials are never used again.")
        Integer nextSerial,
    @JsonPropertyDescription("The cluster has been ready at least once.") Boolean served,
    List<Condition> conditions) {

  /** What a cluster without a status is. */
  public static final SnsClusterStatus NONE =
      new SnsClusterStatus(
          null, null, null, null, null, null, null, null, null, null, null, null, null, null, null);

  public SnsClusterStatus {
    inSync = inSync == null ? List.of() : List.copyOf(inSync);
    members = members == null ? List.of() : List.copyOf(members);
    conditions = conditions == null ? List.of() : List.copyOf(conditions);
  }

  /** What is going on, in a word. */
  public enum Phase {
    /** Recorded or about to be; no member has served yet. */
    Starting,
    /** Both members in sync. */
    Ready,
    /** Serves from one copy, and nothing is heard of the other member. */
    Degraded,
    /** Serves from one copy; the other member is back and catches up. */
    Rejoining,
    /** Serves from one copy; the other member takes a full copy of it. */
    Cloning,
    /** Members are replaced one after the other, to become what the spec says. */
    Upgrading,
    /** No member serves; one of those in sync is about to. */
    FailingOver,
    /** No member serves, and none that could is heard. */
    Down,
    /** The operator does nothing, as it was told. */
    Paused,
    /** Nothing is known: no coordinator answers. */
    Unknown,
    /** A person has to decide; the message says what. */
    Blocked,
    /** The object was deleted. */
    Deleting
  }

  /** The last change of the master. */
  @JsonInclude(JsonInclude.Include.NON_EMPTY)
  public record LastFailover(
      @JsonPropertyDescription("When the operator saw it.") String time,
      String from,
      String to,
      Long epoch,
      @JsonPropertyDescription(
              "Whether the old master handed over, so that nobody waited; absent when not known.")
          Boolean planned) {}

  /** One member. */
  @JsonInclude(JsonInclude.Include.NON_EMPTY)
  public record MemberState(
      String name,
      Role role,
      Boolean inSync,
      @JsonPropertyDescription("What the coordinators hear of it.") Hearing hearing,
      @JsonPropertyDescription("Id of its volume, as it says itself.") String volume,
      @JsonPropertyDescription("Its claim has been seen: from then on it is missed when gone.")
          String claim,
      String node,
      @JsonPropertyDescription("It has been in sync at least once.") Boolean joined,
      @JsonPropertyDescription("Why it cannot serve, in a sentence.") String trouble) {}

  /** Master or slave, as the coordinators say. */
  public enum Role {
    master,
    slave
  }

  /** What the coordinators hear of a member. */
  public enum Hearing {
    Heard,
    Suspected,
    Lost,
    Never
  }
}
