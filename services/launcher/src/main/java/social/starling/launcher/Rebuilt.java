package social.starling.launcher;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import social.starling.common.Slots;
import social.starling.proto.coordinator.v1.ClusterEntry;
import social.starling.proto.coordinator.v1.Configuration;
import social.starling.proto.coordinator.v1.GivenNumber;
import social.starling.proto.coordinator.v1.InSyncMember;
import social.starling.proto.coordinator.v1.Member;
import social.starling.proto.coordinator.v1.RebuiltState;
import social.starling.proto.coordinator.v1.SlotOwner;
import social.starling.proto.coordinator.v1.Standing;
import social.starling.proto.coordinator.v1.StoredSlots;

/**
 * A coordinator's state, worked out from the volumes. Pure.
 *
 * <ol>
 *   <li><b>Master</b> of a cluster, and alone in sync, is the member whose process serves at this
 *       moment, unless another has written in a later epoch of which it has not heard; if none
 *       does, the one whose journal is furthest, by epoch and index of its last entry. Either has
 *       every entry that was acknowledged, if all volumes can be read.
 *   <li><b>Epochs</b> begin {@value #MARGIN} above the highest promise that can be read, so that
 *       they are above those of volumes that cannot be read.
 *   <li><b>Slots</b> in which users live are where the users are. Of the others each stays where a
 *       volume claims it; the newest claim counts. Those that nobody claims go to the clusters with
 *       the fewest. The version is {@value #MARGIN} above the highest that can be read.
 *   <li><b>Numbers</b> are those on the volumes; the next is above every number that any volume
 *       knows.
 *   <li>A cluster of which nothing can be read, or that never held anything, is recorded under a
 *       new number, without a configuration: it begins empty, and takes its share of the slots.
 * </ol>
 *
 * @param state what is to be written
 * @param rows a cluster each, for people
 * @param losses what may be given up, in sentences: a person has to accept it
 * @param contradictions why nothing can be written, in sentences
 */
record Rebuilt(
    RebuiltState state, List<Row> rows, List<String> losses, List<String> contradictions) {

  /** How far above what can be read epochs and versions begin. */
  static final long MARGIN = 1_000_000;

  /** Stands for a cluster that is not there any longer: no cluster can be called so. */
  private static final String UNKNOWN = "(unknown)";

  /**
   * A cluster.
   *
   * @param chosen the volume of its master; empty when it begins anew
   * @param why that one, in words
   */
  record Row(
      String cluster, int number, long epoch, Optional<VolumeView> chosen, String why, int slots) {}

  /**
   * Works it out.
   *
   * @param volumes of all members that there are
   */
  static Rebuilt of(List<VolumeView> volumes) {
    return new Work(volumes).rebuild();
  }

  private static final class Work {

    private final List<VolumeView> volumes;
    private final Map<String, List<VolumeView>> clusters = new LinkedHashMap<>();
    private final Map<String, VolumeView> chosen = new HashMap<>();
    private final Map<String, String> reasons = new HashMap<>();
    private final Map<String, Integer> numbers = new HashMap<>();
    private final Map<Integer, String> given = new TreeMap<>();
    private final List<String> losses = new ArrayList<>();
    private final List<String> contradictions = new ArrayList<>();

    Work(List<VolumeView> volumes) {
      this.volumes = volumes;
      volumes.forEach(
          each -> clusters.computeIfAbsent(each.cluster(), name -> new ArrayList<>()).add(each));
    }

    Rebuilt rebuild() {
      checkCopies();
      clusters.forEach(this::choose);
      giveNumbers();
      String[] owners = owners();
      StoredSlots.Builder slots = StoredSlots.newBuilder().setVersion(slotsVersion());
      given.forEach((number, name) ->
          slots.addNumbers(
              GivenNumber.newBuilder()
                  .setNumber(number)
                  .setCluster(name)
                  .setStanding(standing(name, owners))));
      ranges(owners).forEach(slots::addSlots);
      RebuiltState.Builder state = RebuiltState.newBuilder().setSlots(slots);
      List<Row> rows = new ArrayList<>();
      for (String name : clusters.keySet()) {
        ClusterEntry entry = entry(name);
        state.addClusters(entry);
        rows.add(
            new Row(
                name,
                entry.getNumber(),
                entry.getConfiguration().getEpoch(),
                Optional.ofNullable(chosen.get(name)),
                reasons.get(name),
                count(owners, name)));
      }
      return new Rebuilt(
          state.build(), List.copyOf(rows), List.copyOf(losses), List.copyOf(contradictions));
    }

    private void checkCopies() {
      Map<String, VolumeView> byId = new HashMap<>();
      for (VolumeView each : volumes) {
        VolumeView other = each.volume().isEmpty() ? null : byId.put(each.volume(), each);
        if (other != null) {
          contradictions.add(
              "The volumes of %s and %s have the same id: one is a copy of the other; move it away."
                  .formatted(other.member(), each.member()));
        }
      }
    }

    private void choose(String name, List<VolumeView> members) {
      List<VolumeView> unread =
          members.stream().filter(each -> each.useless().isPresent()).toList();
      Optional<VolumeView> best =
          members.stream()
              .filter(each -> each.useless().isEmpty() && each.used())
              .max(
                  VolumeView.BY_REACH.thenComparing(VolumeView::member, Comparator.reverseOrder()));
      boolean serves = best.filter(each -> each.openEpoch().isPresent()).isPresent();
      best.ifPresent(each -> chosen.put(name, each));
      reasons.put(
          name,
          serves
              ? "it serves"
              : best.isPresent() ? "its journal is furthest" : "nothing was ever written");
      if (best.isEmpty() && !unread.isEmpty()) {
        reasons.put(name, "nothing can be read");
        losses.add(
            ("Nothing of cluster %s can be read (%s): its users and all that they wrote are given"
                    + " up, and it begins empty.")
                .formatted(name, troubles(unread)));
      } else if (!unread.isEmpty()) {
        VolumeView last = best.orElseThrow();
        losses.add(
            ("The volume of %s cannot be used (%s): what was acknowledged in cluster %s and is not"
                    + " among the entries up to %d (epoch %d) of %s is given up.")
                .formatted(
                    unread.getFirst().member(),
                    troubles(unread),
                    name,
                    last.lastIndex(),
                    last.lastEpoch(),
                    last.member()));
      }
    }

    private static String troubles(List<VolumeView> unread) {
      return String.join(
          ", ",
          unread.stream()
              .map(each -> each.directory() + ": " + each.useless().orElseThrow())
              .toList());
    }

    private void giveNumbers() {
      volumes.forEach(each -> each.clusters().forEach(number -> given.put(number, UNKNOWN)));
      Set<Integer> taken = new HashSet<>();
      chosen.forEach((name, volume) -> {
        Optional<VolumeView> told =
            clusters.get(name).stream()
                .filter(each -> each.useless().isEmpty() && each.ownCluster().isPresent())
                .findFirst();
        if (told.isEmpty()) {
          contradictions.add("No volume of cluster %s tells its number.".formatted(name));
          return;
        }
        int number = told.get().number();
        for (VolumeView other : clusters.get(name)) {
          if (other.useless().isEmpty()
              && other.ownCluster().isPresent()
              && other.number() != number) {
            contradictions.add(
                "The volumes of cluster %s tell different numbers of it, %d and %d."
                    .formatted(name, number, other.number()));
          }
        }
        if (!taken.add(number)) {
          contradictions.add(
              "Two clusters have number %d, one of them %s.".formatted(number, name));
        }
        numbers.put(name, number);
        given.put(number, name);
      });
      int next = given.keySet().stream().mapToInt(Integer::intValue).max().orElse(-1) + 1;
      for (String name : clusters.keySet()) {
        if (!numbers.containsKey(name)) {
          numbers.put(name, next);
          given.put(next, name);
          next++;
        }
      }
    }

    /** The owner of each slot; none at all when no slot was ever dealt out. */
    private String[] owners() {
      String[] owners = new String[Slots.COUNT];
      for (int slot = 0; slot < Slots.COUNT; slot++) {
        owners[slot] = owner(slot);
      }
      Map<String, Integer> counts = new TreeMap<>();
      chosen.keySet().forEach(name -> counts.put(name, count(owners, name)));
      if (counts.values().stream().allMatch(count -> count == 0)) {
        return new String[0];
      }
      for (int slot = 0; slot < Slots.COUNT; slot++) {
        if (owners[slot] == null) {
          owners[slot] =
              counts.entrySet().stream().min(Map.Entry.comparingByValue()).orElseThrow().getKey();
          counts.merge(owners[slot], 1, Integer::sum);
        }
      }
      return owners;
    }

    private String owner(int slot) {
      List<VolumeView> used =
          chosen.values().stream().filter(each -> each.usedSlots().get(slot)).toList();
      if (used.size() > 1) {
        contradictions.add(
            "Users of slot %d live in %s and in %s."
                .formatted(slot, used.get(0).cluster(), used.get(1).cluster()));
      }
      return used.stream()
          .findFirst()
          .or(() ->
              chosen.values().stream()
                  .filter(each -> each.claimed().get(slot))
                  .max(Comparator.comparingLong(VolumeView::slotsVersion)))
          .map(VolumeView::cluster)
          .orElse(null);
    }

    private static int count(String[] owners, String name) {
      int count = 0;
      for (String owner : owners) {
        count += name.equals(owner) ? 1 : 0;
      }
      return count;
    }

    private static List<SlotOwner> ranges(String[] owners) {
      List<SlotOwner> ranges = new ArrayList<>();
      for (int from = 0; from < owners.length; ) {
        int to = from;
        while (to < owners.length && owners[to].equals(owners[from])) {
          to++;
        }
        ranges.add(SlotOwner.newBuilder().setFrom(from).setTo(to).setCluster(owners[from]).build());
        from = to;
      }
      return ranges;
    }

    /** Even, as versions of tables are. */
    private long slotsVersion() {
      long highest = volumes.stream().mapToLong(VolumeView::slotsVersion).max().orElse(0);
      return (highest + MARGIN | 1) + 1;
    }

    private Standing standing(String name, String[] owners) {
      return clusters.containsKey(name) && count(owners, name) == 0
          ? Standing.JOINING
          : Standing.SETTLED;
    }

    private ClusterEntry entry(String name) {
      ClusterEntry.Builder entry =
          ClusterEntry.newBuilder().setName(name).setNumber(numbers.get(name));
      for (VolumeView member : clusters.get(name)) {
        entry.addMembers(Member.newBuilder().setName(member.member()));
      }
      Configuration.Builder configuration = Configuration.newBuilder().setCluster(name);
      VolumeView master = chosen.get(name);
      if (master != null) {
        long promised =
            clusters.get(name).stream()
                .mapToLong(each ->
                    Math.max(
                        Math.max(each.promised(), each.lastEpoch()), each.openEpoch().orElse(0)))
                .max()
                .orElseThrow();
        configuration
            .setEpoch(promised + MARGIN)
            .setMaster(master.member())
            .addInSync(
                InSyncMember.newBuilder().setMember(master.member()).setVolume(master.volume()));
      }
      return entry.setConfiguration(configuration).build();
    }
  }

  /** Slots of a cluster in what is to be written. */
  BitSet slotsOf(String cluster) {
    BitSet slots = new BitSet(Slots.COUNT);
    state.getSlots().getSlotsList().stream()
        .filter(range -> range.getCluster().equals(cluster))
        .forEach(range -> slots.set(range.getFrom(), range.getTo()));
    return slots;
  }
}
