package social.starling.torture.installation;

import java.util.List;
import java.util.function.Function;
import social.starling.common.Slots;
import social.starling.proto.coordinator.v1.SlotOwner;

/** Where users live. */
public final class Homes {

  private Homes() {}

  /**
   * In which cluster a user of some name lives, or would live.
   *
   * @param owners of all slots
   */
  public static Function<String, String> of(List<SlotOwner> owners) {
    return name ->
        owners.stream()
            .filter(owner -> owner.getFrom() <= Slots.of(name) && Slots.of(name) < owner.getTo())
            .findFirst()
            .orElseThrow()
            .getCluster();
  }
}
