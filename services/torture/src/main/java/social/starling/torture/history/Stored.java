package social.starling.torture.history;

import java.util.List;
import java.util.Map;

/**
 * What is there in the end, all faults taken back and everything caught up.
 *
 * @param posts by author: ids, oldest first, as the author's own cluster has them
 * @param following by user: whom the user follows
 * @param followers by user: who follows the user, as the user's own cluster knows
 * @param timelines by reader: ids, oldest first, as far back as the run goes
 * @param users by cluster: the names of all users that it knows
 * @param digests by cluster: a digest of each member's whole state and files, by member
 * @param verified sentences about members of one cluster that differ; empty when all are the same
 */
public record Stored(
    Map<String, List<Long>> posts,
    Map<String, List<String>> following,
    Map<String, List<String>> followers,
    Map<String, List<Long>> timelines,
    Map<String, List<String>> users,
    Map<String, Map<String, String>> digests,
    List<String> verified) {}
