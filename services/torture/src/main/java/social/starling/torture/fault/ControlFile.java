package social.starling.torture.fault;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.OptionalLong;

/** {@code struct control} of {@code fault.c}, in a file that the process maps too. */
final class ControlFile implements Control {

  private static final int BYTES = 4096;
  private static final VarHandle WORD = ValueLayout.JAVA_LONG.varHandle();

  private enum Field {
    SYNC_NANOS,
    HANG,
    LIMITED,
    FAILING,
    CLOCK_NANOS,
    LYING,
    HOLD,
    LEFT,
    PID,
    SYNCS,
    WRITES,
    STRUCK,
    LOST
  }

  private final MemorySegment memory;

  /** Makes the file, or takes the one that is there. */
  ControlFile(Path file) throws IOException {
    try (FileChannel channel =
        FileChannel.open(
            file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      memory = channel.map(FileChannel.MapMode.READ_WRITE, 0, BYTES, Arena.ofAuto());
    }
  }

  @Override
  public void slow(Duration perSync) {
    set(Field.SYNC_NANOS, perSync.toNanos());
  }

  @Override
  public void hang() {
    set(Field.HANG, 1);
  }

  @Override
  public void full(long left) {
    set(Field.LEFT, left);
    set(Field.LIMITED, 1);
  }

  @Override
  public void failing() {
    set(Field.FAILING, 1);
  }

  @Override
  public void lying() {
    set(Field.LYING, 1);
  }

  @Override
  public void clock(Duration offset) {
    set(Field.CLOCK_NANOS, offset.toNanos());
  }

  @Override
  public void clear() {
    set(Field.SYNC_NANOS, 0);
    set(Field.LIMITED, 0);
    set(Field.FAILING, 0);
    set(Field.CLOCK_NANOS, 0);
    set(Field.LYING, 0);
    set(Field.HANG, 0);
  }

  /** Processes wait at their very beginning, before they have opened anything. */
  void hold(boolean held) {
    set(Field.HOLD, held ? 1 : 0);
  }

  @Override
  public OptionalLong attached() {
    long pid = get(Field.PID);
    return pid == 0 ? OptionalLong.empty() : OptionalLong.of(pid);
  }

  @Override
  public long syncs() {
    return get(Field.SYNCS);
  }

  @Override
  public long struck() {
    return get(Field.STRUCK);
  }

  @Override
  public long lost() {
    return get(Field.LOST);
  }

  private long get(Field field) {
    return (long) WORD.getVolatile(memory, offset(field));
  }

  private void set(Field field, long value) {
    WORD.setVolatile(memory, offset(field), value);
  }

  private static long offset(Field field) {
    return (long) field.ordinal() * Long.BYTES;
  }
}
