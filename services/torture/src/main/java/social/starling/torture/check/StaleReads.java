package social.starling.torture.check;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import social.starling.torture.history.Call;
import social.starling.torture.history.Call.Outcome;
import social.starling.torture.history.Operation;

/**
 * No read of an author's posts is stale: for each author there is one order of posts, deletions and
 * reads, of all sessions, which keeps the order in time of those that do not overlap, in which the
 * posts are in the order of their ids, and in which each read was answered exactly what was there
 * then, within its bounds.
 *
 * <p>Each author is a register of its own, searched by {@link PostSearch}. Of unknown outcome:
 *
 * <ul>
 *   <li>a post that nobody ever saw never happened, and one that anybody saw has;
 *   <li>a deletion after which every read that could show the post did never happened; otherwise it
 *       has by the end of the first read that did not.
 * </ul>
 *
 * <p>A refusal to delete what is not there is a read, too.
 */
final class StaleReads implements Check {

  @Override
  public void check(Known known, Findings findings) {
    Facts facts = known.facts;
    List<List<Call>> byAuthor = new ArrayList<>();
    facts.names.forEach(_ -> byAuthor.add(null));
    for (Call call : facts.calls) {
      int author =
          switch (call.operation()) {
            case Operation.Posts page when call.outcome() == Outcome.OK ->
                facts.user(page.author());
            case Operation.Delete _ -> facts.user(call.user());
            default -> -1;
          };
      if (author >= 0) {
        if (byAuthor.get(author) == null) {
          byAuthor.set(author, new ArrayList<>());
        }
        byAuthor.get(author).add(call);
      }
    }
    for (int author = 0; author < byAuthor.size(); author++) {
      if (byAuthor.get(author) != null) {
        check(known, author, byAuthor.get(author), findings);
      }
    }
  }

  private static void check(Known known, int author, List<Call> calls, Findings findings) {
    Facts facts = known.facts;
    List<PostSearch.Op> ops = new ArrayList<>();
    for (int post : facts.byAuthor[author]) {
      if (facts.isReal(post)) {
        // One that was seen in the end only has happened by then.
        long by = Math.min(facts.happened(post), facts.history.nanos());
        ops.add(new PostSearch.Post(facts.begun[post], by, facts.place[post]));
      }
    }
    Deletions deletions = new Deletions(known, author, calls);
    for (Call call : calls) {
      switch (call.operation()) {
        case Operation.Posts page ->
            ops.add(
                new PostSearch.Read(call.begun(), call.ended(), call, places(facts, author, page)));
        case Operation.Delete delete -> deletions.op(call, delete).ifPresent(ops::add);
        default -> {}
      }
    }
    if (ops.stream().noneMatch(PostSearch.Read.class::isInstance)) {
      return;
    }
    ops.sort(Comparator.comparingLong(PostSearch.Op::begun));
    new PostSearch(ops, facts.byAuthor[author].length)
        .run(stuck -> report(facts, author, stuck, findings));
  }

  /** A page by places among the author's posts; −1 for what is none of them. */
  private static PostSearch.Page places(Facts facts, int author, Operation.Posts page) {
    int[] places = new int[page.ids().size()];
    for (int i = 0; i < places.length; i++) {
      int post = facts.post(page.ids().get(i));
      places[i] = facts.author[post] == author ? facts.place[post] : -1;
    }
    int below =
        page.maxId() > 0 ? facts.placeOf(author, page.maxId()) : facts.byAuthor[author].length;
    return new PostSearch.Page(below, page.limit(), places);
  }

  private static void report(Facts facts, int author, PostSearch.Stuck stuck, Findings findings) {
    String name = facts.names.get(author);
    String why = stuck.exhausted() ? "was found in the time given" : "of the writes explains it";
    switch (stuck.op()) {
      case PostSearch.Read read when read.call().operation() instanceof Operation.Posts page ->
          findings.add(
              read.ended(),
              Findings.all(name),
              Set.copyOf(page.ids().subList(0, Math.min(3, page.ids().size()))),
              "%s read the posts of %s (at most %d%s) from %s to %s and got %s: no order %s",
              read.call().user(),
              name,
              page.limit(),
              page.maxId() == 0 ? "" : " below " + page.maxId(),
              Text.seconds(read.begun()),
              Text.seconds(read.ended()),
              page.ids().size() <= 6 ? page.ids() : page.ids().subList(0, 6) + "…",
              why);
      case PostSearch.Read read when read.call().operation() instanceof Operation.Delete delete ->
          findings.add(
              read.ended(),
              Findings.all(name),
              Findings.all(delete.id()),
              "%s was told at %s that post %d is not there: no order %s",
              name,
              Text.seconds(read.ended()),
              delete.id(),
              why);
      case PostSearch.Read read -> throw new IllegalStateException("no read: " + read);
      case PostSearch.Post post ->
          findings.add(
              Math.min(post.ended(), facts.history.nanos()),
              Findings.all(name),
              Findings.all(facts.ids[facts.byAuthor[author][post.place()]]),
              "%s, from %s to %s: no order %s",
              facts.shown(facts.byAuthor[author][post.place()]),
              Text.seconds(post.begun()),
              Text.seconds(post.ended()),
              why);
      case PostSearch.Deletion deletion ->
          findings.add(
              deletion.ended(),
              Findings.all(name),
              Findings.all(facts.ids[facts.byAuthor[author][deletion.place()]]),
              "the deletion of %s, from %s to %s: no order %s",
              facts.shown(facts.byAuthor[author][deletion.place()]),
              Text.seconds(deletion.begun()),
              Text.seconds(deletion.ended()),
              why);
    }
  }

  /** When deletions of unknown outcome happened, if they did. */
  private static final class Deletions {
    private final Facts facts;
    private final int author;

    /**
     * By place: the last beginning of a read that has the post, and the first end of one without.
     */
    private final long[] hadUntil;

    private final long[] lackedBy;

    Deletions(Known known, int author, List<Call> calls) {
      this.facts = known.facts;
      this.author = author;
      this.hadUntil = new long[facts.byAuthor[author].length];
      this.lackedBy = new long[hadUntil.length];
      Arrays.fill(hadUntil, Long.MIN_VALUE);
      Arrays.fill(lackedBy, Facts.NEVER);
      for (Call call : calls) {
        switch (call.operation()) {
          case Operation.Posts page -> look(known.pages, call, page);
          case Operation.Delete delete when isNotThere(call) -> {
            int post = facts.post(delete.id());
            if (post >= 0 && facts.author[post] == author) {
              absent(post, call);
            }
          }
          default -> {}
        }
      }
    }

    private void look(Pages pages, Call call, Operation.Posts page) {
      for (long id : page.ids()) {
        int post = facts.post(id);
        if (facts.author[post] == author) {
          int place = facts.place[post];
          hadUntil[place] = Math.max(hadUntil[place], call.begun());
        }
      }
      pages.absent(call, page, post -> absent(post, call));
    }

    private void absent(int post, Call call) {
      // One from before it was there says nothing.
      if (facts.happened(post) < call.begun()) {
        int place = facts.place[post];
        lackedBy[place] = Math.min(lackedBy[place], call.ended());
      }
    }

    private static boolean isNotThere(Call call) {
      return call.outcome() == Outcome.FAILED && call.reason().equals("POST_UNKNOWN");
    }

    Optional<PostSearch.Op> op(Call call, Operation.Delete delete) {
      int post = facts.post(delete.id());
      if (post < 0 || facts.author[post] != author || !facts.isReal(post)) {
        return Optional.empty();
      }
      int place = facts.place[post];
      return switch (call.outcome()) {
        case OK -> Optional.of(new PostSearch.Deletion(call.begun(), call.ended(), place, true));
        case UNKNOWN -> perhaps(call, place);
        case FAILED ->
            isNotThere(call)
                ? Optional.of(
                    new PostSearch.Read(
                        call.begun(),
                        call.ended(),
                        call,
                        new PostSearch.Page(place + 1, 1, new int[] {PostSearch.NOT_THERE})))
                : Optional.empty();
      };
    }

    private Optional<PostSearch.Op> perhaps(Call call, int place) {
      if (facts.deleted[facts.byAuthor[author][place]] != Facts.NEVER) {
        return Optional.empty(); // Or the one that was acknowledged had been refused.
      }
      long by = Math.min(facts.settled(call), lackedBy[place]);
      long from = Math.max(call.begun(), hadUntil[place]);
      return lackedBy[place] == Facts.NEVER || from > by
          ? Optional.empty()
          : Optional.of(new PostSearch.Deletion(from, by, place, false));
    }
  }
}
