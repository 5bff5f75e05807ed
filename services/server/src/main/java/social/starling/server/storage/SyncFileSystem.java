package social.starling.server.storage;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Linux's {@code syncfs}: makes everything on a file system durable in one go. For thousands of
 * small files that is one journal commit instead of thousands, each of which would hold up the
 * database's own. It tells of write errors since Linux 5.8.
 */
final class SyncFileSystem {

  private static final Linker.Option ERRNO = Linker.Option.captureCallState("errno");

  private final MethodHandle open;
  private final MethodHandle syncfs;
  private final MethodHandle close;

  private SyncFileSystem(Linker linker, SymbolLookup symbols) {
    open =
        linker.downcallHandle(
            symbols.findOrThrow("open"),
            FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_INT),
            Linker.Option.firstVariadicArg(2),
            ERRNO);
    FunctionDescriptor onDescriptor =
        FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT);
    syncfs = linker.downcallHandle(symbols.findOrThrow("syncfs"), onDescriptor, ERRNO);
    close = linker.downcallHandle(symbols.findOrThrow("close"), onDescriptor, ERRNO);
  }

  /** Empty where there is no such thing. */
  static Optional<SyncFileSystem> find() {
    if (!System.getProperty("os.name").equals("Linux")) {
      return Optional.empty();
    }
    Linker linker = Linker.nativeLinker();
    SymbolLookup symbols = linker.defaultLookup();
    return symbols.find("syncfs").map(found -> new SyncFileSystem(linker, symbols));
  }

  /** Makes everything durable on the file system that holds the directory. */
  void run(Path directory) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment errno = arena.allocate(Linker.Option.captureStateLayout());
      int descriptor = (int) open.invokeExact(errno, arena.allocateFrom(directory.toString()), 0);
      check(descriptor, "open", directory, errno);
      int synced = (int) syncfs.invokeExact(errno, descriptor);
      int error = error(errno);
      int closed = (int) close.invokeExact(errno, descriptor);
      check(closed, "close", directory, errno);
      if (synced < 0) {
        throw failed("syncfs", directory, error);
      }
    } catch (IOException | RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }

  private static void check(int result, String call, Path directory, MemorySegment errno)
      throws IOException {
    if (result < 0) {
      throw failed(call, directory, error(errno));
    }
  }

  private static int error(MemorySegment errno) {
    VarHandle handle =
        Linker.Option.captureStateLayout()
            .varHandle(MemoryLayout.PathElement.groupElement("errno"));
    return (int) handle.get(errno, 0L);
  }

  private static IOException failed(String call, Path directory, int errno) {
    int noSpace = 28;
    int quota = 122;
    return new IOException(
        "%s of %s: %s"
            .formatted(
                call,
                directory,
                errno == noSpace || errno == quota ? "No space left on device" : "errno " + errno));
  }
}
