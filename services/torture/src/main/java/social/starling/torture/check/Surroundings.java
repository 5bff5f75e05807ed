package social.starling.torture.check;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import social.starling.torture.history.Call;
import social.starling.torture.history.Event;
import social.starling.torture.history.Fault;
import social.starling.torture.history.History;
import social.starling.torture.history.Mismatch;
import social.starling.torture.history.Operation;
import social.starling.torture.history.Shown;
import social.starling.torture.history.StreamBegun;

/**
 * The events that a person wants to see beside a violation: all writes of the posts that it
 * concerns and the first and last time they were seen, the faults at the time, and what the users
 * whom it concerns did shortly before.
 */
final class Surroundings {

  private static final long BEFORE = TimeUnit.SECONDS.toNanos(3);
  private static final long AFTER = TimeUnit.SECONDS.toNanos(1);
  private static final int MOST_OF_USERS = 20;
  private static final int MOST_OF_A_POST = 12;
  private static final int MOST_FAULTS = 12;

  private final History history;
  private final Map<Long, List<Integer>> ofPosts = new HashMap<>();
  private final List<Integer> faults = new ArrayList<>();

  /**
   * @param posts those that will be asked for
   */
  Surroundings(History history, Set<Long> posts) {
    this.history = history;
    posts.forEach(id -> ofPosts.put(id, new ArrayList<>()));
    List<Event> events = history.events();
    for (int i = 0; i < events.size(); i++) {
      switch (events.get(i)) {
        case Fault _ -> faults.add(i);
        case Shown shown -> of(shown.id(), i);
        case Mismatch mismatch -> of(mismatch.id(), i);
        case StreamBegun _ -> {}
        case Call call -> {
          switch (call.operation()) {
            case Operation.Post post -> of(idOf(call, post), i);
            case Operation.Delete delete -> of(delete.id(), i);
            case Operation.Posts page -> ofAll(page.ids(), i);
            case Operation.Timeline page -> ofAll(page.ids(), i);
            default -> {}
          }
        }
      }
    }
  }

  private static long idOf(Call call, Operation.Post post) {
    return call.outcome() == Call.Outcome.OK ? post.id() : 0;
  }

  private void ofAll(List<Long> ids, int event) {
    if (!ofPosts.isEmpty()) {
      ids.forEach(id -> of(id, event));
    }
  }

  private void of(long id, int event) {
    List<Integer> events = ofPosts.get(id);
    if (events != null) {
      // The first ones and the last one.
      if (events.size() == MOST_OF_A_POST) {
        events.removeLast();
      }
      events.add(event);
    }
  }

  List<Event> around(Findings.Finding finding) {
    List<Event> events = history.events();
    int at = firstEndingAfter(finding.at());
    Stream<Integer> posts = finding.posts().stream().flatMap(id -> ofPosts.get(id).stream());
    List<Integer> users = new ArrayList<>();
    for (int i = at; i < events.size() && ended(events.get(i)) <= finding.at() + AFTER; i++) {
      if (users.size() < MOST_OF_USERS / 4 && concerns(events.get(i), finding.users())) {
        users.add(i);
      }
    }
    for (int i = at - 1; i >= 0 && ended(events.get(i)) >= finding.at() - BEFORE; i--) {
      if (users.size() < MOST_OF_USERS && concerns(events.get(i), finding.users())) {
        users.add(i);
      }
    }
    List<Integer> near =
        faults.stream()
            .filter(i ->
                events.get(i) instanceof Fault fault
                    && fault.begun() <= finding.at() + AFTER
                    && fault.ended() >= finding.at() - 2 * BEFORE)
            .toList();
    near = near.subList(Math.max(0, near.size() - MOST_FAULTS), near.size());
    return Stream.of(posts, users.stream(), near.stream())
        .flatMap(some -> some)
        .distinct()
        .sorted()
        .map(events::get)
        .toList();
  }

  private int firstEndingAfter(long at) {
    List<Event> events = history.events();
    int low = 0;
    int high = events.size();
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (ended(events.get(middle)) <= at) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  private static boolean concerns(Event event, Set<String> users) {
    return switch (event) {
      case Call call -> users.contains(call.user());
      case Shown shown -> users.contains(shown.reader());
      case StreamBegun begun -> users.contains(begun.reader());
      case Fault _, Mismatch _ -> false;
    };
  }

  private static long ended(Event event) {
    return switch (event) {
      case Call call -> call.ended();
      case Shown shown -> shown.at();
      case StreamBegun begun -> begun.at();
      case Fault fault -> fault.ended();
      case Mismatch mismatch -> mismatch.at();
    };
  }
}
