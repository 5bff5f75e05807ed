package social.starling.torture.check;

import java.util.Comparator;
import java.util.List;
import social.starling.torture.history.Call;
import social.starling.torture.history.Operation;

/**
 * Following is atomic: for each user and author there is one order of the follows, unfollows and
 * lists, which keeps the order in time of those that do not overlap, and in which each was answered
 * rightly. So a list never misses what was acknowledged before it was asked for, nor shows what was
 * undone.
 */
final class Follows implements Check {

  @Override
  public void check(Known known, Findings findings) {
    List<FollowLog.Stuck> stuck =
        known.follows.stuck().stream()
            .sorted(Comparator.comparingLong(one -> one.call().ended()))
            .toList();
    for (FollowLog.Stuck one : stuck) {
      Call call = one.call();
      String user = known.facts.names.get(one.user());
      String author = known.facts.names.get(one.author());
      findings.add(
          call.ended(),
          Findings.all(user, author),
          Findings.all(),
          "no order of what %s did about %s explains that %s, from %s to %s",
          user,
          author,
          what(call, user, author),
          Text.seconds(call.begun()),
          Text.seconds(call.ended()));
    }
  }

  private static String what(Call call, String user, String author) {
    return switch (call.operation()) {
      case Operation.Following list ->
          list.names().contains(author)
              ? "the list of those whom " + user + " follows had " + author
              : "the list of those whom " + user + " follows lacked " + author;
      case Operation.Followers list ->
          list.names().contains(user)
              ? "the list of " + author + "'s followers had " + user
              : "the list of " + author + "'s followers lacked " + user;
      default ->
          "%s was answered %s"
              .formatted(
                  call.operation() instanceof Operation.Follow ? "the follow" : "the unfollow",
                  call.reason().isEmpty() ? "as done" : call.reason());
    };
  }
}
