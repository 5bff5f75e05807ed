package social.starling.coordinator;

import com.google.protobuf.InvalidProtocolBufferException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.IntStream;
import social.starling.common.Slots;
import social.starling.proto.coordinator.v1.GivenNumber;
import social.starling.proto.coordinator.v1.SlotOwner;
import social.starling.proto.coordinator.v1.SlotRange;
import social.starling.proto.coordinator.v1.Standing;
import social.starling.proto.coordinator.v1.StoredSlots;

/**
 * Which cluster owns which slots, and which numbers were ever given to clusters: one {@link
 * Document} of the store, and the only place where a slot's owner is looked up. Immutable and pure.
 *
 * <p>The slots are dealt out once, evenly, when the expected number of clusters is recorded. Until
 * then nobody owns one. A cluster that is recorded later is <em>joining</em> until it has taken its
 * share; one that is being forgotten is <em>leaving</em>, and gets nothing.
 *
 * <p>The <b>version</b> is what members compare. It rises with each change of an owner and is
 * always even. A release that a master is asked for carries an odd one, above the table's and below
 * that of the table which says what came of it. So a member whose newest version is odd and above
 * the table's has given up what no table took: the table is {@linkplain #raise raised}, unchanged,
 * and the member takes it back. An even one above the table's comes from a table that this one does
 * not know: the state is older than the volumes.
 */
final class SlotTable {

  /** The key of the document. */
  static final String KEY = "slots";

  /** How many cluster numbers there are: 10 bits of every id. */
  static final int NUMBERS = 1024;

  /** Versions stay below this, so that they can always rise. */
  static final long MAX_VERSION = 1L << 60;

  /** A number, and for whom it is. */
  private record Given(String cluster, Standing standing) {}

  private final long revision;
  private final long version;
  private final Map<Integer, Given> given;
  private final List<Integer> owners;

  private SlotTable(long revision, long version, Map<Integer, Given> given, List<Integer> owners) {
    this.revision = revision;
    this.version = version;
    this.given = given;
    this.owners = owners;
  }

  /** What holds before the document is written first. */
  static SlotTable empty() {
    return new SlotTable(0, 0, Map.of(), List.of());
  }

  /**
   * What the document says.
   *
   * @throws StoreException when the content is not a table of slots
   */
  static SlotTable read(Document document) {
    try {
      return of(document.version(), StoredSlots.parseFrom(document.content()));
    } catch (InvalidProtocolBufferException | IllegalArgumentException e) {
      throw StoreException.damaged(KEY, String.valueOf(e.getMessage()));
    }
  }

  /**
   * A table as it is stored.
   *
   * @param revision version of the document
   * @throws IllegalArgumentException with a sentence when it is none
   */
  static SlotTable of(long revision, StoredSlots stored) {
    Map<Integer, Given> given = new TreeMap<>();
    for (GivenNumber number : stored.getNumbersList()) {
      check(number.getNumber() >= 0 && number.getNumber() < NUMBERS, "a number is out of range");
      Given before =
          given.put(number.getNumber(), new Given(number.getCluster(), number.getStanding()));
      check(before == null, "a number was given twice");
    }
    Integer[] owners = new Integer[stored.getSlotsCount() == 0 ? 0 : Slots.COUNT];
    for (SlotOwner range : stored.getSlotsList()) {
      check(
          range.getFrom() >= 0 && range.getFrom() <= range.getTo() && range.getTo() <= Slots.COUNT,
          "a slot is out of range");
      Arrays.fill(owners, range.getFrom(), range.getTo(), numberOf(given, range.getCluster()));
    }
    check(Arrays.stream(owners).allMatch(Objects::nonNull), "a slot has no owner");
    check(
        stored.getVersion() >= 0
            && stored.getVersion() < MAX_VERSION
            && stored.getVersion() % 2 == 0,
        "its version is odd or out of range");
    return new SlotTable(revision, stored.getVersion(), given, List.of(owners));
  }

  private static void check(boolean holds, String sentence) {
    if (!holds) {
      throw new IllegalArgumentException(sentence);
    }
  }

  private static int numberOf(Map<Integer, Given> given, String cluster) {
    return given.entrySet().stream()
        .filter(entry -> entry.getValue().cluster().equals(cluster))
        .mapToInt(Map.Entry::getKey)
        .max()
        .orElseThrow(() -> new IllegalArgumentException("slots belong to unknown " + cluster));
  }

  /** The content of the document. */
  byte[] content() {
    StoredSlots.Builder stored = StoredSlots.newBuilder().setVersion(version);
    given.forEach((number, each) ->
        stored.addNumbers(
            GivenNumber.newBuilder()
                .setNumber(number)
                .setCluster(each.cluster())
                .setStanding(each.standing())));
    return stored.addAllSlots(owners()).build().toByteArray();
  }

  /** Version of the document: what a compare-and-set compares. */
  long revision() {
    return revision;
  }

  /** Even; rises with every change of an owner, and is what members compare. */
  long version() {
    return version;
  }

  SlotTable atRevision(long next) {
    return new SlotTable(next, version, given, owners);
  }

  /** The number that the next cluster gets; empty when all have been given. */
  Optional<Integer> nextNumber() {
    int next = given.keySet().stream().mapToInt(Integer::intValue).max().orElse(-1) + 1;
    return next < NUMBERS ? Optional.of(next) : Optional.empty();
  }

  /** The table with one number more given, for ever; its cluster has yet to take its share. */
  SlotTable give(int number, String cluster) {
    if (given.containsKey(number)) {
      throw new IllegalArgumentException("number %d was given before".formatted(number));
    }
    return with(number, new Given(cluster, Standing.JOINING));
  }

  boolean isGiven(int number, String cluster) {
    Given known = given.get(number);
    return known != null && known.cluster().equals(cluster);
  }

  /** How the cluster of a number stands; settled for a number that was not given. */
  Standing standing(int number) {
    Given known = given.get(number);
    return known == null ? Standing.SETTLED : known.standing();
  }

  SlotTable with(int number, Standing standing) {
    return with(number, new Given(given.get(number).cluster(), standing));
  }

  private SlotTable with(int number, Given changed) {
    Map<Integer, Given> next = new TreeMap<>(given);
    next.put(number, changed);
    return new SlotTable(revision, version, next, owners);
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
    SlotTable dealt = owned(next, version);
    for (int number : sorted) {
      dealt = dealt.with(number, Standing.SETTLED);
    }
    return dealt;
  }

  /**
   * The table without an owner: its slots go to those of the others who have the fewest; when
   * nobody else owns any either, nothing is dealt any longer.
   *
   * @param others numbers of the clusters that stay
   * @param released the version under which the owner was asked for its slots; 0 if it was not
   */
  SlotTable without(int number, List<Integer> others, long released) {
    if (!owners.contains(number)) {
      return this;
    }
    if (others.isEmpty()) {
      if (owningNumbers().size() > 1) {
        throw new IllegalArgumentException("others own slots, and none of them may have more");
      }
      return owned(List.of(), released);
    }
    BitSet freed = slotsOf(number);
    Map<Integer, Integer> counts = new TreeMap<>();
    others.forEach(other -> counts.put(other, count(other)));
    Map<Integer, Integer> more = new TreeMap<>();
    for (int i = freed.cardinality(); i > 0; i--) {
      int poorest =
          counts.entrySet().stream().min(Map.Entry.comparingByValue()).orElseThrow().getKey();
      counts.merge(poorest, 1, Integer::sum);
      more.merge(poorest, 1, Integer::sum);
    }
    List<Integer> next = new ArrayList<>(owners);
    int slot = -1;
    for (Map.Entry<Integer, Integer> each : more.entrySet()) {
      for (int i = 0; i < each.getValue(); i++) {
        slot = freed.nextSetBit(slot + 1);
        next.set(slot, each.getKey());
      }
    }
    return owned(next, released);
  }

  /** The table with no owners: nobody is recorded any longer. */
  SlotTable undealt() {
    return owned(List.of(), version);
  }

  /**
   * The table with slots in other hands.
   *
   * @param released the version under which their owner gave them up
   */
  SlotTable move(BitSet slots, int to, long released) {
    List<Integer> next = new ArrayList<>(owners);
    slots.stream().forEach(slot -> next.set(slot, to));
    return owned(next, released);
  }

  /** The same owners under a version above another, so that they take what the table says. */
  SlotTable raise(long above) {
    return owned(owners, above);
  }

  private SlotTable owned(List<Integer> next, long above) {
    long raised = (Math.max(version, above) | 1) + 1;
    return new SlotTable(revision, raised, given, List.copyOf(next));
  }

  /** The version for asking an owner to give up slots: that after the table's, which is odd. */
  long releaseVersion() {
    return version + 1;
  }

  boolean ownsSlots(int number) {
    return owners.contains(number);
  }

  /** How many slots a cluster owns. */
  int count(int number) {
    return (int) owners.stream().filter(owner -> owner == number).count();
  }

  /** The numbers that own slots, ascending. */
  List<Integer> owningNumbers() {
    return owners.stream().distinct().sorted().toList();
  }

  BitSet slotsOf(int number) {
    BitSet slots = new BitSet(Slots.COUNT);
    IntStream.range(0, owners.size())
        .filter(slot -> owners.get(slot) == number)
        .forEach(slots::set);
    return slots;
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
              .setCluster(given.get(owners.get(from)).cluster())
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
