package social.starling.launcher;

import java.time.Instant;
import java.util.List;
import java.util.Objects;

/**
 * What is recorded of a process that was started: enough for another launcher to know it again.
 *
 * @param pid its process id, which the system may give to another process later
 * @param started when the system says that it started
 * @param instance random id of this very process; stands on its command line
 * @param command the command line
 */
record ProcessRecord(long pid, Instant started, String instance, List<String> command) {

  ProcessRecord {
    Objects.requireNonNull(started, "started");
    Objects.requireNonNull(instance, "instance");
    command = List.copyOf(command);
  }

  /** What is recorded before the system has given a pid: a launcher may die between the two. */
  static ProcessRecord starting(String instance, List<String> command) {
    return new ProcessRecord(0, Instant.EPOCH, instance, command);
  }

  boolean isStarting() {
    return pid == 0;
  }
}
