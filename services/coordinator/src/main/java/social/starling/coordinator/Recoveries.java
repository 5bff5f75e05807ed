package social.starling.coordinator;

import static social.starling.coordinator.Refusal.Kind.FORBIDDEN;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import social.starling.proto.coordinator.v1.Configuration;
import social.starling.proto.coordinator.v1.Hearing;
import social.starling.proto.coordinator.v1.InSyncMember;
import social.starling.proto.coordinator.v1.MemberStatus;
import social.starling.proto.coordinator.v1.RecoverRequest;
import social.starling.proto.coordinator.v1.RecoverResponse;

/**
 * Opens a cluster whose recorded volumes cannot return, on a person's word. Thread-safe.
 *
 * <ol>
 *   <li>The member that is to serve must be heard: its volume and process are taken from its
 *       session.
 *   <li>No recorded volume may be heard: one that is has everything, and nothing is to be given up.
 *   <li>Without {@code accept_loss} it is only said what would be given up.
 * </ol>
 */
final class Recoveries {

  private static final Logger LOG = LoggerFactory.getLogger(Recoveries.class);

  private final Registry registry;
  private final Sessions sessions;

  Recoveries(Registry registry, Sessions sessions) {
    this.registry = registry;
    this.sessions = sessions;
  }

  RecoverResponse run(RecoverRequest request) {
    MemberKey key = new MemberKey(request.getCluster(), request.getMember());
    registry.knownMember(key.cluster(), key.member());
    Presence presence =
        sessions
            .presence(key)
            .filter(known -> sessions.hearing(key) == Hearing.HEARD)
            .orElseThrow(() ->
                Refusal.of(
                    FORBIDDEN,
                    "%s is not heard: start it, or name the other member",
                    key.member()));
    List<String> givenUp = new ArrayList<>();
    Configuration next =
        registry.recover(
            key.cluster(),
            key.member(),
            presence.volume(),
            presence.instance(),
            cluster -> {
              givenUp.clear();
              givenUp.addAll(givenUp(cluster, key.member(), presence));
              if (!request.getAcceptLoss()) {
                throw Refusal.of(
                    FORBIDDEN,
                    "%s Nothing was changed; repeat with --accept-loss to do it.",
                    String.join(" ", givenUp));
              }
            });
    LOG.atWarn()
        .addKeyValue("cluster", key.cluster())
        .addKeyValue("master", key.member())
        .addKeyValue("epoch", next.getEpoch())
        .addKeyValue("givenUp", givenUp)
        .log("cluster recovered with loss");
    return RecoverResponse.newBuilder().setConfiguration(next).addAllGivenUp(givenUp).build();
  }

  private List<String> givenUp(RecordedCluster cluster, String member, Presence presence) {
    if (cluster.epoch() == 0) {
      throw Refusal.of(FORBIDDEN, "cluster %s was never configured", cluster.name());
    }
    List<String> sentences = new ArrayList<>();
    for (InSyncMember recorded : cluster.configuration().getInSyncList()) {
      MemberKey key = new MemberKey(cluster.name(), recorded.getMember());
      Optional<Presence> known = sessions.presence(key);
      if (sessions.hearing(key) == Hearing.HEARD
          && known.filter(p -> p.volume().equals(recorded.getVolume())).isPresent()) {
        throw Refusal.of(
            FORBIDDEN,
            "%s is heard, with the volume that is recorded: it has everything that was"
                + " acknowledged, and nothing needs to be given up",
            recorded.getMember());
      }
      sentences.add(
          "Everything acknowledged that only the volume %s of %s holds, which is in sync at epoch"
                  .formatted(recorded.getVolume(), recorded.getMember())
              + " %d, is given up%s."
                  .formatted(cluster.epoch(), lastKnown(known, recorded.getVolume())));
    }
    sentences.add(
        "%s would serve with its volume %s, whose journal ends at entry %d."
            .formatted(
                member,
                presence.volume(),
                presence.status().map(MemberStatus::getLastIndex).orElse(0L)));
    return sentences;
  }

  private static String lastKnown(Optional<Presence> known, String volume) {
    return known
        .filter(presence -> presence.volume().equals(volume))
        .flatMap(Presence::status)
        .map(
            status -> " (its journal was last heard to end at entry " + status.getLastIndex() + ")")
        .orElse("");
  }
}
