package social.starling.coordinator;

import com.google.protobuf.InvalidProtocolBufferException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import social.starling.common.Slots;
import social.starling.proto.coordinator.v1.ClusterEntry;
import social.starling.proto.coordinator.v1.ClusterMap;
import social.starling.proto.coordinator.v1.SlotOwner;
import social.starling.proto.coordinator.v1.SlotRange;

/**
 * Which cluster owns which slots, and which numbers were ever given to clusters: one {@link
 * Document} of the store, and the only place where a slot's owner is looked up. Immutable and pure.
 *
 * <p>The slots are dealt out once, evenly, when the expected number of clusters is recorded. Until
 * then nobody owns one.
 */
final class SlotTable {

  /** The key of the document. */
  static final String KEY = "slots";

  /** How many cluster numbers there are: 10 bits of every id. */
  static final int NUMBERS = 1024;

  private final long version;
  private final Map<Integer, String> given;
  private final List<Integer> owners;

  private SlotTable(long version, Map<Integer, String> given, List<Integer> owners) {
    this.version = version;
    this.given = given;
    this.owners = owners;
  }

  /** What holds before the document is written first. */
  static SlotTable empty() {
    return new SlotTable(0, Map.of(), List.of());
  }

  /**
   * What the document says.
   *
   * @throws StoreException when the content is not a table of slots
   */
  static SlotTable read(Document document) {
    try {
      ClusterMap map = ClusterMap.parseFrom(document.content());
      Map<Integer, String> given = new TreeMap<>();
      for (ClusterEntry entry : map.getClustersList()) {
        given.put(entry.getNumber(), entry.getName());
      }
      Integer[] owners = new Integer[map.getSlotsCount() == 0 ? 0 : Slots.COUNT];
      for (SlotOwner range : map.getSlotsList()) {
        Arrays.fill(owners, range.getFrom(), range.getTo(), numberOf(given, range.getCluster()));
      }
      if (Arrays.asList(owners).contains(null)) {
        throw StoreException.damaged(KEY, "a slot has no owner");
      }
      return new SlotTable(document.version(), given, List.of(owners));
    } catch (InvalidProtocolBufferException | RuntimeException e) {
      throw e instanceof StoreException known
          ? known
          : StoreException.damaged(KEY, String.valueOf(e.getMessage()));
    }
  }

  private static int numberOf(Map<Integer, String> given, String cluster) {
    return given.entrySet().stream()
        .filter(entry -> entry.getValue().equals(cluster))
        .mapToInt(Map.Entry::getKey)
        .max()
        .orElseThrow(() -> new IllegalArgumentException("slots belong to unknown " + cluster));
  }

  /** The content of the document. */
  byte[] content() {
    ClusterMap.Builder map = ClusterMap.newBuilder();
    given.forEach((number, name) ->
        map.addClusters(ClusterEntry.newBuilder().setNumber(number).setName(name)));
    return map.addAllSlots(owners()).build().toByteArray();
  }

  /** Version of the document: rises with every change, and is what members compare. */
  long version() {
    return version;
  }

  SlotTable atVersion(long next) {
    return new SlotTable(next, given, owners);
  }

  /** The number that the next cluster gets; empty when all have been given. */
  Optional<Integer> nextNumber() {
    int next = given.keySet().stream().mapToInt(Integer::intValue).max().orElse(-1) + 1;
    return next < NUMBERS ? Optional.of(next) : Optional.empty();
  }

  /** The table with one number more given, for ever. */
  SlotTable give(int number, String cluster) {
    Map<Integer, String> next = new TreeMap<>(given);
    if (next.putIfAbsent(number, cluster) != null) {
      throw new IllegalArgumentException("number %d was given before".formatted(number));
    }
    return new SlotTable(version, next, owners);
  }

  boolean isDealt() {
    return !owners.isEmpty();
  }

  /**
   * The table with all slots dealt out evenly, in the order of the clusters' numbers.
   *
   * @param numbers of the clusters; at least one, and given before
   */
  SlotTable deal(List<Integer> numbers) {
    List<Integer> sorted = numbers.stream().sorted().toList();
    List<Integer> next = new ArrayList<>(Slots.COUNT);
    for (int slot = 0; slot < Slots.COUNT; slot++) {
      next.add(sorted.get((int) ((long) slot * sorted.size() / Slots.COUNT)));
    }
    return new SlotTable(version, given, List.copyOf(next));
  }

  /**
   * The table without a cluster: its slots are dealt out evenly to the others; without others
   * nothing is dealt any longer.
   *
   * @param others numbers of the clusters that stay
   */
  SlotTable without(int number, List<Integer> others) {
    if (!owners.contains(number)) {
      return this;
    }
    if (others.isEmpty()) {
      return new SlotTable(version, given, List.of());
    }
    List<Integer> sorted = others.stream().sorted().toList();
    long freed = owners.stream().filter(owner -> owner == number).count();
    List<Integer> next = new ArrayList<>(owners);
    long index = 0;
    for (int slot = 0; slot < Slots.COUNT; slot++) {
      if (next.get(slot) == number) {
        next.set(slot, sorted.get((int) (index++ * sorted.size() / freed)));
      }
    }
    return new SlotTable(version, given, List.copyOf(next));
  }

  boolean ownsSlots(int number) {
    return owners.contains(number);
  }

  /** All slots as ranges, ascending; none before they are dealt out. */
  List<SlotOwner> owners() {
    List<SlotOwner> ranges = new ArrayList<>();
    for (int from = 0; from < owners.size(); ) {
      int to = endOfRun(from);
      ranges.add(
          SlotOwner.newBuilder()
              .setFrom(from)
              .setTo(to)
              .setCluster(given.get(owners.get(from)))
              .build());
      from = to;
    }
    return ranges;
  }

  /** The slots of one cluster as ranges, ascending. */
  List<SlotRange> ranges(int number) {
    List<SlotRange> ranges = new ArrayList<>();
    for (int from = 0; from < owners.size(); ) {
      int to = endOfRun(from);
      if (owners.get(from) == number) {
        ranges.add(SlotRange.newBuilder().setFrom(from).setTo(to).build());
      }
      from = to;
    }
    return ranges;
  }

  private int endOfRun(int from) {
    int to = from;
    while (to < owners.size() && owners.get(to).equals(owners.get(from))) {
      to++;
    }
    return to;
  }
}
