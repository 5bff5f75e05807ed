package social.starling.torture.check;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import social.starling.torture.history.Call;
import social.starling.torture.history.Call.Outcome;
import social.starling.torture.history.Operation;

/**
 * Who followed whom when. Each pair is a register of one bit that follows and unfollows change and
 * lists read, all in the user's own cluster; {@link FollowSearch} goes through all orders that
 * explain the calls so far.
 *
 * <p>Refusals are looks, too: ALREADY_FOLLOWING says yes, NOT_FOLLOWING says no. Of the lists of
 * followers only those of authors of the same cluster count, for others are told later.
 */
final class FollowLog {

  /** One user and one author. */
  record Pair(int user, int author, FollowTimes times) {}

  /** A call that no order explains, given those before. */
  record Stuck(int user, int author, Call call) {}

  private final Facts facts;
  private final Map<Integer, Map<Integer, List<FollowSearch.Op>>> writes = new LinkedHashMap<>();
  private final Map<Integer, List<Look>> lists = new HashMap<>();
  private final Map<Integer, List<Look>> followers = new HashMap<>();
  private final Map<Integer, List<Pair>> byUser = new HashMap<>();
  private final Map<Integer, Map<Integer, FollowTimes>> times = new HashMap<>();
  private final List<Stuck> stuck = new ArrayList<>();

  /** A list that was read: numbers of users, ascending. */
  private record Look(Call call, int[] names) {
    boolean has(int user) {
      return Arrays.binarySearch(names, user) >= 0;
    }
  }

  FollowLog(Facts facts) {
    this.facts = facts;
    facts.calls.forEach(this::take);
    writes.forEach(this::search);
  }

  /** Those whom a user ever tried to follow, or was said to. */
  List<Pair> of(int user) {
    return byUser.getOrDefault(user, List.of());
  }

  FollowTimes times(int user, int author) {
    return times.getOrDefault(user, Map.of()).getOrDefault(author, FollowTimes.NONE);
  }

  /** Calls that no order explains; in no order. */
  List<Stuck> stuck() {
    return Collections.unmodifiableList(stuck);
  }

  private void take(Call call) {
    int user = facts.user(call.user());
    switch (call.operation()) {
      case Operation.Follow follow ->
          write(user, facts.user(follow.name()), call, true, "ALREADY_FOLLOWING");
      case Operation.Unfollow unfollow ->
          write(user, facts.user(unfollow.name()), call, false, "NOT_FOLLOWING");
      case Operation.Following list when call.outcome() == Outcome.OK -> {
        Look look = look(call, list.names());
        lists.computeIfAbsent(user, _ -> new ArrayList<>()).add(look);
        for (int author : look.names) {
          ops(user, author);
        }
      }
      case Operation.Followers list when call.outcome() == Outcome.OK -> {
        Look look = look(call, list.names());
        followers.computeIfAbsent(user, _ -> new ArrayList<>()).add(look);
        for (int follower : look.names) {
          ops(follower, user);
        }
      }
      default -> {}
    }
  }

  private void write(int user, int author, Call call, boolean follow, String already) {
    if (user == author) {
      return; // Refused with the same words, whatever is so.
    }
    switch (call.outcome()) {
      case OK ->
          ops(user, author)
              .add(new FollowSearch.Op(call, call.ended(), FollowSearch.Kind.DONE, follow));
      case UNKNOWN ->
          ops(user, author)
              .add(
                  new FollowSearch.Op(
                      call, facts.settled(call), FollowSearch.Kind.PERHAPS, follow));
      case FAILED -> {
        if (call.reason().equals(already)) {
          ops(user, author)
              .add(new FollowSearch.Op(call, call.ended(), FollowSearch.Kind.LOOK, follow));
        }
      }
    }
  }

  private Look look(Call call, List<String> names) {
    return new Look(call, names.stream().mapToInt(facts::user).sorted().toArray());
  }

  private List<FollowSearch.Op> ops(int user, int author) {
    return writes
        .computeIfAbsent(user, _ -> new LinkedHashMap<>())
        .computeIfAbsent(author, _ -> new ArrayList<>());
  }

  private void search(int user, Map<Integer, List<FollowSearch.Op>> authors) {
    authors.forEach((author, ops) -> {
      List<FollowSearch.Op> all = new ArrayList<>(ops);
      looks(all, lists.getOrDefault(user, List.of()), author);
      if (facts.together(user, author)) {
        looks(all, followers.getOrDefault(author, List.of()), user);
      }
      FollowSearch search = new FollowSearch(all);
      FollowTimes found = search.run();
      search.stuck().forEach(call -> stuck.add(new Stuck(user, author, call)));
      byUser.computeIfAbsent(user, _ -> new ArrayList<>()).add(new Pair(user, author, found));
      times.computeIfAbsent(user, _ -> new HashMap<>()).put(author, found);
    });
  }

  private static void looks(List<FollowSearch.Op> all, List<Look> looks, int name) {
    for (Look look : looks) {
      all.add(
          new FollowSearch.Op(
              look.call, look.call.ended(), FollowSearch.Kind.LOOK, look.has(name)));
    }
  }
}
