package social.starling.bench.installation;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import social.starling.common.ExitCode;
import social.starling.common.StartException;

/**
 * Signals of Linux, sent without starting a process: what starting one takes would count as part of
 * the outage.
 */
public enum Signal {
  KILL(9),
  TERM(15),
  CONT(18),
  STOP(19);

  private final int number;

  Signal(int number) {
    this.number = number;
  }

  /**
   * Sends it to a process of an installation, after a look at its command line.
   *
   * @return {@code System.nanoTime()} right before it was sent
   * @throws StartException when the pid is not that process, or it may not be signalled
   */
  public long send(RecordedProcess process, ProcessFiles files) {
    if (!files.isRunning(process)) {
      throw new StartException(
          ExitCode.REFUSED,
          "no signal was sent: process %d is not the %s that launcher.json records"
              .formatted(process.pid(), process.name()));
    }
    long now = System.nanoTime();
    if (kill((int) process.pid(), number) != 0) {
      throw new StartException(
          ExitCode.FAILED, "cannot send SIG%s to process %d".formatted(name(), process.pid()));
    }
    return now;
  }

  @SuppressWarnings("restricted") // native access is what this is for
  private static int kill(int pid, int number) {
    Linker linker = Linker.nativeLinker();
    MethodHandle kill =
        linker.downcallHandle(
            linker.defaultLookup().findOrThrow("kill"),
            FunctionDescriptor.of(
                ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));
    try {
      return (int) kill.invokeExact(pid, number);
    } catch (Throwable e) {
      throw new IllegalStateException("the system's kill() cannot be called", e);
    }
  }
}
