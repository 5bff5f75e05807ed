package social.starling.coordinator;

import static social.starling.coordinator.Refusal.Kind.INVALID;

import java.util.List;
import java.util.regex.Pattern;
import social.starling.proto.coordinator.v1.Hello;
import social.starling.proto.coordinator.v1.MemberStatus;
import social.starling.proto.coordinator.v1.ReconfigureRequest;
import social.starling.proto.coordinator.v1.SynchronizerHello;
import social.starling.proto.coordinator.v1.SynchronizerStatus;

/** What requests may hold. Each check throws a {@link Refusal} with a sentence. */
final class Bounds {

  private static final int MAX_ID = 128;
  private static final int MAX_BYTES = 16 * 1024;

  /** It tells of up to 1,023 peers. */
  private static final int MAX_SYNCHRONIZER_STATUS_BYTES = 128 * 1024;

  private static final Pattern ID = Pattern.compile("[!-~]{1," + MAX_ID + "}");
  private static final Pattern NAME = Pattern.compile("[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?");

  private Bounds() {}

  static void check(Hello hello) {
    checkId("instance", hello.getInstance());
    checkId("volume", hello.getVolume());
    checkSize("Hello", hello.getSerializedSize());
    if (hello.getSlotsVersion() < 0 || hello.getSlotsVersion() >= SlotTable.MAX_VERSION) {
      throw Refusal.of(INVALID, "the version %d of the slots is none", hello.getSlotsVersion());
    }
  }

  static void check(SynchronizerHello hello) {
    checkId("instance", hello.getInstance());
    checkSize("SynchronizerHello", hello.getSerializedSize());
  }

  static void check(SynchronizerStatus status) {
    checkSize("status", status.getSerializedSize(), MAX_SYNCHRONIZER_STATUS_BYTES);
  }

  static void check(MemberStatus status) {
    checkSize("status", status.getSerializedSize());
  }

  static void check(ReconfigureRequest request) {
    checkId("volume", request.getVolume());
    checkId("instance", request.getInstance());
    switch (request.getChangeCase()) {
      case EXPAND -> checkId("volume of the peer", request.getExpand().getPeerVolume());
      case HANDOVER -> checkId("instance of the peer", request.getHandover().getPeerInstance());
      default -> {}
    }
  }

  /** The id of a process or a volume: 1 to 128 visible ASCII characters. */
  static void checkId(String what, String id) {
    if (!ID.matcher(id).matches()) {
      throw Refusal.of(
          INVALID, "the %s is not named by 1 to %d visible ASCII characters", what, MAX_ID);
    }
  }

  static void checkCluster(String name, List<String> members) {
    if (members.size() != 2 || members.get(0).equals(members.get(1))) {
      throw Refusal.of(INVALID, "a cluster has two different members; %s names %s", name, members);
    }
    for (String each : List.of(name, members.get(0), members.get(1))) {
      if (!NAME.matcher(each).matches()) {
        throw Refusal.of(
            INVALID,
            "\"%s\" is not a name: 1 to 63 lower-case letters, digits and inner hyphens",
            each);
      }
    }
  }

  private static void checkSize(String what, int bytes) {
    checkSize(what, bytes, MAX_BYTES);
  }

  private static void checkSize(String what, int bytes, int allowed) {
    if (bytes > allowed) {
      throw Refusal.of(INVALID, "the %s has %d bytes; %d are allowed", what, bytes, allowed);
    }
  }
}
