package social.starling.bench.micro;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.openjdk.jmh.annotations.TearDown;
import social.starling.bench.installation.Trees;
import social.starling.bench.state.EntrySource;
import social.starling.replication.Entry;
import social.starling.server.state.Change;
import social.starling.server.storage.Disk;
import social.starling.server.storage.Volume;

/** On a real volume of its own, in the system's temporary folder. */
public abstract class OnVolume extends InnerLoop {

  private static final int KEPT = 100_000;

  final EntrySource entries = new EntrySource();
  Volume volume;
  private Path directory;

  void openVolume() throws IOException {
    directory = Files.createTempDirectory("starling-volume-");
    volume = Volume.open(directory, Disk.local());
  }

  /** What entries change, in memory. */
  List<Change> applied(List<Entry> committed) {
    List<Change> changes = new ArrayList<>(committed.size());
    for (Entry entry : committed) {
      changes.add(volume.state().apply(entry).change());
    }
    return changes;
  }

  /** Drops old entries now and then, after so many new ones. */
  void trim(int added) {
    if (entries.lastIndex() % KEPT < added) {
      volume.trim(entries.lastIndex() - KEPT);
    }
  }

  /** Deletes it all. */
  @TearDown
  public void close() throws IOException {
    volume.close();
    Trees.delete(directory);
  }
}
