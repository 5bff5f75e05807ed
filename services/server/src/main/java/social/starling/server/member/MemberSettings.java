package social.starling.server.member;

import java.time.Duration;
import java.util.List;
import social.starling.common.Address;
import social.starling.common.Credential;
import social.starling.common.Timing;

/**
 * What a member is told at its start.
 *
 * @param cluster name of its cluster
 * @param member its own name
 * @param instance this very process
 * @param coordinators internal addresses of all coordinators; a name stands for each of its
 *     addresses
 * @param credential for internal calls
 * @param timing heartbeat, silence, lease
 * @param minInSync 1, or 2 to refuse writes while there is one copy only
 * @param maxJournalBytes journal entries beyond what the members need are kept up to this
 * @param minFreeBytes below this much free space writes are refused
 * @param answerRetention recorded answers of clients silent for longer are dropped
 * @param directory its volume, for people
 * @param startedAt {@link System#nanoTime} since when no earlier process of this volume can have
 *     acknowledged anything
 */
public record MemberSettings(
    String cluster,
    String member,
    String instance,
    List<Address> coordinators,
    Credential credential,
    Timing timing,
    int minInSync,
    long maxJournalBytes,
    long minFreeBytes,
    Duration answerRetention,
    String directory,
    long startedAt) {}
