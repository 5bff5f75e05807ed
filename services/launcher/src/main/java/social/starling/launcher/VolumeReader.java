package social.starling.launcher;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Reads volumes by a program of the server, which alone knows what is on them: it runs in a process
 * of its own, changes nothing, and may read beside a server at work.
 */
final class VolumeReader {

  static final String PROGRAM = "social.starling.server.DescribeVolume";
  private static final int AT_ONCE = 2;
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  /**
   * A volume to be read.
   *
   * @param openEpoch as in {@link VolumeView}
   */
  record Place(String cluster, String member, Path directory, OptionalLong openEpoch) {}

  private final List<String> command;

  /**
   * @param command to which the directory of a volume is added
   */
  VolumeReader(List<String> command) {
    this.command = List.copyOf(command);
  }

  static VolumeReader of(Distribution distribution) {
    return new VolumeReader(distribution.tool(Kind.SERVER, PROGRAM));
  }

  /** Reads all. What cannot be read says so. */
  List<VolumeView> read(List<Place> places) throws InterruptedException {
    try (ExecutorService readers = Executors.newFixedThreadPool(AT_ONCE)) {
      List<Future<VolumeView>> reading =
          places.stream().map(place -> readers.submit(() -> read(place))).toList();
      List<VolumeView> views = new ArrayList<>();
      for (Future<VolumeView> each : reading) {
        views.add(each.get());
      }
      return views;
    } catch (ExecutionException e) {
      throw new IllegalStateException(e.getCause());
    }
  }

  private VolumeView read(Place place) throws InterruptedException {
    List<String> whole = new ArrayList<>(command);
    whole.add(place.directory().toString());
    Process process = null;
    try {
      process = new ProcessBuilder(whole).redirectError(ProcessBuilder.Redirect.DISCARD).start();
      Watchdog watchdog = Watchdog.over(process, PATIENCE);
      String line =
          new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
      int code = process.waitFor();
      watchdog.close();
      return code == 0
          ? VolumeView.read(
              place.cluster(), place.member(), place.directory(), line, place.openEpoch())
          : unread(place, "the program that reads it ended with exit code " + code);
    } catch (IOException e) {
      return unread(place, "the program that reads it cannot be run: " + e.getMessage());
    } finally {
      if (process != null) {
        process.destroyForcibly();
      }
    }
  }

  private static VolumeView unread(Place place, String why) {
    return VolumeView.unknown(place.cluster(), place.member(), place.directory(), why);
  }
}
