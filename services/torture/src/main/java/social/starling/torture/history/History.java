package social.starling.torture.history;

import java.time.Instant;
import java.util.List;
import java.util.Map;

/**
 * A whole run.
 *
 * @param seed from which it was made
 * @param again the command that makes such a run again
 * @param begun when it began, by this machine's clock
 * @param nanos how long it ran
 * @param homes by user: the cluster where the user lives
 * @param contents by id of each post that was acknowledged, read or shown
 * @param events in the order in which they ended
 * @param stored what is there in the end; null when the run broke off before that was asked
 */
public record History(
    long seed,
    String again,
    Instant begun,
    long nanos,
    Map<String, String> homes,
    Map<Long, Content> contents,
    List<Event> events,
    Stored stored) {}
