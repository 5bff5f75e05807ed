package social.starling.server.storage;

import com.sun.management.UnixOperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import social.starling.server.state.State;

/**
 * What a volume may use.
 *
 * @param cacheBytes bytes of the newest posts' texts kept in memory
 * @param openFiles post files held open for writing
 * @param syncBytes post files are fsynced when so many bytes are not
 * @param syncAge … or when the oldest of them were written so long ago
 * @param checkpointBytes the write-ahead log is copied into the database when about so many bytes
 *     were written to it
 * @param reserveBytes kept in a file, for what must still be written when the disk is full
 * @param background whether a thread does the fsyncs and checkpoints; otherwise {@link
 *     Volume#upkeep} is called
 */
public record VolumeOptions(
    long cacheBytes,
    int openFiles,
    long syncBytes,
    Duration syncAge,
    long checkpointBytes,
    long reserveBytes,
    boolean background) {

  /** For a server. */
  public static final VolumeOptions DEFAULT =
      new VolumeOptions(
          State.DEFAULT_CACHE_BYTES,
          mostOpenFiles(),
          16L << 20,
          Duration.ofSeconds(10),
          4L << 20,
          8L << 20,
          true);

  /** Half of what this process may have open; at least 64, at most 16,384. */
  private static int mostOpenFiles() {
    long most =
        ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean system
            ? system.getMaxFileDescriptorCount()
            : 1024;
    return Math.clamp(most / 2, 64, 16_384);
  }

  /** The same with no thread of its own. */
  public VolumeOptions withoutBackground() {
    return new VolumeOptions(
        cacheBytes, openFiles, syncBytes, syncAge, checkpointBytes, reserveBytes, false);
  }
}
