package social.starling.launcher;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.function.UnaryOperator;
import social.starling.common.AtomicFile;
import social.starling.common.ExitCode;
import social.starling.common.StartException;

/**
 * {@code launcher.json}: the state in memory and, after every change, in the file. A reader of the
 * file sees one state or the next, never a mixture. Thread-safe: changes are made one at a time.
 */
final class StateFile {

  private final Path file;
  private RunState state;

  private StateFile(Path file, RunState state) {
    this.file = file;
    this.state = state;
  }

  /**
   * Reads the file; without one the state is {@link RunState#NEW}.
   *
   * @throws StartException when it is damaged or of a newer format
   */
  static StateFile open(Path file) {
    return new StateFile(file, read(file));
  }

  static RunState read(Path file) {
    try {
      return RunStateJson.read(Files.readString(file), file.toString());
    } catch (NoSuchFileException e) {
      return RunState.NEW;
    } catch (IOException e) {
      throw new StartException(
          ExitCode.FAILED, "cannot read %s: %s".formatted(file, Reasons.of(e)));
    }
  }

  synchronized RunState state() {
    return state;
  }

  /** Changes the state; when this returns, the file has it. */
  synchronized void update(UnaryOperator<RunState> change) {
    RunState changed = change.apply(state);
    if (!changed.equals(state)) {
      write(RunStateJson.write(changed));
      state = changed;
    }
  }

  private void write(String text) {
    try {
      AtomicFile.replace(file, text);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot write " + file, e);
    }
  }
}
