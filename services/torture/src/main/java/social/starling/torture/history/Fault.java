package social.starling.torture.history;

import java.util.List;

/**
 * What was done to the installation.
 *
 * @param kind one word, such as {@code kill}
 * @param targets names of processes or links
 * @param detail more, for a person; may be empty
 * @param begun just before it was done
 * @param ended when it was taken back; the same as begun for what happens at once
 * @param clusters in which writes may stop by it
 */
public record Fault(
    String kind, List<String> targets, String detail, long begun, long ended, List<String> clusters)
    implements Event {

  public Fault {
    targets = List.copyOf(targets);
    clusters = List.copyOf(clusters);
  }
}
