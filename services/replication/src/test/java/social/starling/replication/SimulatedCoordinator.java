package social.starling.replication;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import social.starling.replication.Counts.Seen;

/** The coordinators' durable state and its guards, as coordinator.proto words them. */
class SimulatedCoordinator {

  private final List<Configuration> configurations = new ArrayList<>();
  private final Counts counts;

  SimulatedCoordinator(Configuration first, Counts counts) {
    configurations.add(Configuration.NONE);
    configurations.add(first);
    this.counts = counts;
  }

  Configuration current() {
    return configurations.getLast();
  }

  Configuration at(long epoch) {
    return configurations.get((int) epoch);
  }

  /** Whether the change was executed. Whatever comes of it, the answer is {@link #current()}. */
  final boolean reconfigure(
      String member, String peer, String volume, String instance, Request request) {
    Configuration now = current();
    if (request.epoch() != now.epoch()) {
      return false;
    }
    switch (request) {
      case Request.Promote promote -> {
        if (!mayPromote(now, member, volume)) {
          return false;
        }
        boolean own = now.master().equals(member);
        counts.add(own ? Seen.OWN_RESTARTS : Seen.PROMOTIONS);
        change(member, instance, promotedSet(now, member, volume), false);
      }
      case Request.Shrink shrink -> {
        if (!now.master().equals(member)) {
          return false;
        }
        counts.add(Seen.SHRINKS);
        change(member, now.masterInstance(), only(now, member), false);
      }
      case Request.Expand expand -> {
        if (!now.master().equals(member)) {
          return false;
        }
        counts.add(Seen.EXPANDS);
        Map<String, String> both = new HashMap<>(only(now, member));
        both.put(peer, expand.peerVolume());
        change(member, now.masterInstance(), both, false);
      }
      case Request.Handover handover -> {
        if (!now.master().equals(member) || !now.inSync().containsKey(peer)) {
          return false;
        }
        counts.add(Seen.HANDOVERS);
        change(peer, handover.peerInstance(), now.inSync(), true);
      }
    }
    return true;
  }

  /** In sync at this epoch, with this volume. */
  boolean mayPromote(Configuration now, String member, String volume) {
    return now.hasInSync(member, volume);
  }

  Map<String, String> promotedSet(Configuration now, String member, String volume) {
    return Map.of(member, volume);
  }

  private static Map<String, String> only(Configuration now, String member) {
    return Map.of(member, now.inSync().get(member));
  }

  private void change(
      String master, String instance, Map<String, String> inSync, boolean released) {
    Configuration now = current();
    configurations.add(
        new Configuration(
            now.epoch() + 1,
            master,
            instance,
            inSync,
            released,
            now.master(),
            now.masterInstance()));
  }
}
