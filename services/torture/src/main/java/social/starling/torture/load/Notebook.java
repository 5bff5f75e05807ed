package social.starling.torture.load;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import java.util.function.LongSupplier;
import social.starling.client.Post;
import social.starling.torture.history.Call;
import social.starling.torture.history.Content;
import social.starling.torture.history.Event;
import social.starling.torture.history.HistoryWriter;
import social.starling.torture.history.Mismatch;

/**
 * Where everybody writes down what happened: into the history, and as far as the run itself has to
 * know it, such as when a cluster acknowledged its last write. Thread-safe.
 */
public final class Notebook {

  private final HistoryWriter writer;
  private final LongSupplier now;
  private final Function<String, String> homes;
  private final Map<Long, Content> contents = new ConcurrentHashMap<>();
  private final Map<String, AtomicLong> newestAcknowledged = new ConcurrentHashMap<>();
  private final Map<String, AtomicLong> newestPost = new ConcurrentHashMap<>();
  private final Map<Call.Outcome, AtomicLong> outcomes = new ConcurrentHashMap<>();

  /**
   * An empty one.
   *
   * @param now nanoseconds since the run began
   * @param homes in which cluster a user lives
   */
  public Notebook(HistoryWriter writer, LongSupplier now, Function<String, String> homes) {
    this.writer = writer;
    this.now = now;
    this.homes = homes;
  }

  /** Nanoseconds since the run began. */
  public long now() {
    return now.getAsLong();
  }

  /** Writes an event down. */
  public void write(Event event) {
    writer.event(event);
    if (event instanceof Call call) {
      outcomes.computeIfAbsent(call.outcome(), _ -> new AtomicLong()).incrementAndGet();
      if (call.operation().isWrite() && call.outcome() == Call.Outcome.OK) {
        newestAcknowledged
            .computeIfAbsent(homes.apply(call.user()), _ -> new AtomicLong(-1))
            .accumulateAndGet(call.begun(), Math::max);
      }
    }
  }

  /**
   * Takes note of a post that somebody saw, in whatever way.
   *
   * @param where it was seen, for a person
   */
  public void saw(Post post, String where) {
    Content content = new Content(post.author(), post.text());
    Content first = contents.putIfAbsent(post.id(), content);
    if (first == null) {
      writer.content(post.id(), content);
      newestPost
          .computeIfAbsent(post.author(), _ -> new AtomicLong())
          .accumulateAndGet(post.id(), Math::max);
    } else if (!first.equals(content)) {
      writer.event(new Mismatch(post.id(), first.toString(), content.toString(), where, now()));
    }
  }

  /** Who wrote a post that somebody saw, and what. */
  Content content(long id) {
    return contents.get(id);
  }

  /** Id of the newest post of an author that anybody saw; 0: none. */
  long newestPost(String author) {
    AtomicLong id = newestPost.get(author);
    return id == null ? 0 : id.get();
  }

  /** When the newest acknowledged write of a cluster began; −1: there is none. */
  public long newestAcknowledged(String cluster) {
    AtomicLong begun = newestAcknowledged.get(cluster);
    return begun == null ? -1 : begun.get();
  }

  /** Calls so far that ended in some way. */
  public long calls(Call.Outcome outcome) {
    AtomicLong number = outcomes.get(outcome);
    return number == null ? 0 : number.get();
  }
}
