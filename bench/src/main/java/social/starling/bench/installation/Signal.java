package social.starling.bench.installation;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.List;
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
   * When it was sent, in {@code System.nanoTime()}. On a busy machine the sender may stand still
   * between the two.
   *
   * @param before it had not been sent yet
   * @param after it had been sent
   */
  public record Sent(long before, long after) {}

  /**
   * Sends it to a process of an installation, after a look at its command line.
   *
   * @throws StartException when the pid is not that process, or it may not be signalled
   */
  public Sent send(RecordedProcess process, ProcessFiles files) {
    if (!files.isRunning(process)) {
      throw new StartException(
          ExitCode.REFUSED,
          "no signal was sent: process %d is not the %s that launcher.json records"
              .formatted(process.pid(), process.name()));
    }
    long before = System.nanoTime();
    int result = kill((int) process.pid(), number);
    long after = System.nanoTime();
    if (result != 0) {
      throw new StartException(
          ExitCode.FAILED, "cannot send SIG%s to process %d".formatted(name(), process.pid()));
    }
    return new Sent(before, after);
  }

  /**
   * Sends it to processes that this one has started, or that a process started by it has, in their
   * order. One that has ended meanwhile is left out.
   *
   * @throws StartException when one is no descendant: then none gets it
   */
  public Sent send(List<ProcessHandle> processes) {
    for (ProcessHandle process : processes) {
      if (process.isAlive() && !isDescendant(process)) {
        throw new StartException(
            ExitCode.REFUSED,
            "no signal was sent: process %d was not started from here".formatted(process.pid()));
      }
    }
    long before = System.nanoTime();
    for (ProcessHandle process : processes) {
      kill((int) process.pid(), number);
    }
    return new Sent(before, System.nanoTime());
  }

  private static boolean isDescendant(ProcessHandle process) {
    ProcessHandle own = ProcessHandle.current();
    for (ProcessHandle at = process.parent().orElse(null);
        at != null;
        at = at.parent().orElse(null)) {
      if (at.equals(own)) {
        return true;
      }
    }
    return false;
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
