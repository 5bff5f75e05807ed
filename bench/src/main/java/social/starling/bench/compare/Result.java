package social.starling.bench.compare;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonParseException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import social.starling.bench.failover.Outcome;
import social.starling.common.ExitCode;
import social.starling.common.StartException;

/**
 * What is known of a system, one file each.
 *
 * @param users how many there were
 * @param fillSeconds until users, follows and posts were there
 * @param memoryAfterFill in MiB
 * @param volumeAfterFill in MiB, of all its copies
 */
record Result(
    String version,
    int users,
    double fillSeconds,
    double memoryAfterFill,
    double volumeAfterFill,
    List<Cell> cells,
    List<Outcome> failovers) {

  private static final Gson GSON =
      new GsonBuilder().setPrettyPrinting().disableHtmlEscaping().create();

  void write(Path file) {
    try {
      Files.writeString(file, GSON.toJson(this) + "\n");
    } catch (IOException e) {
      throw new StartException(
          ExitCode.FAILED, "cannot write %s: %s".formatted(file, e.getMessage()), e);
    }
  }

  static Optional<Result> read(Path file) {
    if (!Files.exists(file)) {
      return Optional.empty();
    }
    try {
      return Optional.of(GSON.fromJson(Files.readString(file), Result.class));
    } catch (IOException | JsonParseException e) {
      throw new StartException(
          ExitCode.FAILED, "%s is not understood: %s".formatted(file, e.getMessage()), e);
    }
  }

  /** Collects what is found out, and writes it after each step: an interrupted run keeps it. */
  static final class Builder {
    private final Path file;
    private final String version;
    private final int users;
    private final double fillSeconds;
    private final double memoryAfterFill;
    private final double volumeAfterFill;
    private final List<Cell> cells = new ArrayList<>();
    private final List<Outcome> failovers = new ArrayList<>();

    Builder(Path file, String version, int users, double fillSeconds, Probe probe) {
      this.file = file;
      this.version = version;
      this.users = users;
      this.fillSeconds = fillSeconds;
      this.memoryAfterFill = Measurement.mib(probe.memoryBytes().getAsLong());
      this.volumeAfterFill = Measurement.mib(probe.volumeBytes().getAsLong());
    }

    void add(Cell cell) {
      cells.add(cell);
      write();
    }

    void add(List<Outcome> outcomes) {
      failovers.addAll(outcomes);
      write();
    }

    private void write() {
      new Result(
              version,
              users,
              fillSeconds,
              memoryAfterFill,
              volumeAfterFill,
              List.copyOf(cells),
              List.copyOf(failovers))
          .write(file);
    }
  }
}
