package social.starling.server.storage;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import social.starling.common.Slots;
import social.starling.proto.journal.v1.Answer;
import social.starling.replication.Entry;
import social.starling.server.state.Applied;
import social.starling.server.state.Change;
import social.starling.server.state.Entries;
import social.starling.server.state.State;
import social.starling.server.state.StateLoader;

/**
 * A cluster's master with its volume, and a slave that applies the same journal in memory. Owns
 * every third slot. Its clock is an hour from the next one's.
 */
final class SimulatedCluster {

  private static final VolumeOptions OPTIONS =
      new VolumeOptions(1 << 20, 4, 1 << 20, VolumeOptions.DEFAULT.syncAge(), 1 << 20, 0, false);

  final int number;
  final Entries entries;
  private final Path directory;
  private final Random random;
  private final List<Entry> journal = new ArrayList<>();
  private final State slave = empty();
  private final List<Change> unwritten = new ArrayList<>();
  private final Map<Integer, Long> seen = new HashMap<>();

  /** Null when it is only remembered: then the slave is all there is. */
  private Volume volume;

  SimulatedCluster(int number, Path directory, Random random) {
    this.number = number;
    this.directory = directory;
    this.random = random;
    this.entries = new Entries().cluster(number).passes((number - 1) * 3_600_000L);
    this.volume = Volume.open(directory, Disk.local(), OPTIONS);
    BitSet slots = new BitSet();
    for (int slot = number; slot < Slots.COUNT; slot += 3) {
      slots.set(slot);
    }
    apply(entries.slots(1, slots));
  }

  private SimulatedCluster(SimulatedCluster of, List<Entry> journal) {
    this.number = of.number;
    this.directory = of.directory;
    this.random = of.random;
    this.entries = new Entries().cluster(number).from(journal.size());
    journal.forEach(slave::apply);
  }

  /** In memory only. */
  SimulatedCluster asItWas(int index) {
    return new SimulatedCluster(this, journal.subList(0, index));
  }

  private static State empty() {
    return StateLoader.empty(place -> {
      throw new AssertionError("all is in memory");
    });
  }

  State state() {
    return volume == null ? slave : volume.state();
  }

  Volume volume() {
    return volume;
  }

  Change.Totals slaveTotals() {
    return slave.totals();
  }

  Answer apply(Entry entry) {
    if (volume == null) {
      return slave.apply(entry).answer();
    }
    // The changes of some entries become durable late, as in life.
    volume.write(Batch.append(List.of(entry)));
    journal.add(entry);
    Applied applied = volume.state().apply(entry);
    Applied there = slave.apply(entry);
    assertThat(there.answer()).isEqualTo(applied.answer());
    assertThat(there.change().totals()).isEqualTo(applied.change().totals());
    unwritten.add(applied.change());
    if (random.nextInt(4) == 0) {
      volume.write(Batch.apply(unwritten));
      unwritten.clear();
    }
    return applied.answer();
  }

  /** All but the volume is lost, what was fsynced with it is not. */
  void crash() {
    Change.Totals before = volume.state().totals();
    volume.abandon();
    unwritten.clear();
    seen.clear();
    volume = Volume.open(directory, Disk.local(), OPTIONS);
    assertThat(volume.damage()).isEmpty();
    for (Entry entry : journal.subList((int) volume.state().appliedIndex(), journal.size())) {
      unwritten.add(volume.state().apply(entry).change());
    }
    assertThat(volume.state().totals()).isEqualTo(before);
    volume.write(Batch.apply(unwritten));
    unwritten.clear();
    volume.upkeep(random.nextBoolean());
    if (random.nextBoolean()) {
      volume.trim(Long.MAX_VALUE);
    }
  }

  /** The position of a follow of a user of that cluster. */
  long position(SimulatedCluster home) {
    return Math.max(state().cursor(home.number).index(), seen.getOrDefault(home.number, 0L));
  }

  void saw(int sender, long index) {
    seen.merge(sender, index, Math::max);
  }

  void close() {
    volume.close();
  }

  @Override
  public String toString() {
    return "cluster " + number;
  }
}
