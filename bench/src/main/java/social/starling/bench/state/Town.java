package social.starling.bench.state;

import java.nio.charset.StandardCharsets;
import social.starling.replication.Entry;
import social.starling.server.state.Applied;
import social.starling.server.state.PostRecord;
import social.starling.server.state.RecordSource;
import social.starling.server.state.State;
import social.starling.server.state.StateLoader;

/**
 * A state whose users have numbers, and the entries that made it. Its posts say what {@link #TEXT}
 * says, so that those that are not in memory any more can be "read". One thread changes it.
 */
public final class Town {

  /** 200 bytes, as the other benchmarks post. */
  public static final String TEXT =
      "A murmuration on the roof at dusk, again. ".repeat(5).substring(0, 200);

  private final EntrySource entries = new EntrySource();
  private final State state = StateLoader.empty(source());
  private int users;

  public Town() {
    apply(entries.slots());
  }

  /** Registers users until there are so many. */
  public void register(int upTo) {
    while (users < upTo) {
      apply(entries.login(name(users)));
      users++;
    }
  }

  public void follow(int user, int author) {
    apply(entries.follow(name(user), name(author)));
  }

  public void unfollow(int user, int author) {
    apply(entries.unfollow(name(user), name(author)));
  }

  public void post(int author) {
    apply(entries.post(name(author), TEXT));
  }

  /** Applies the next entry, which {@link #entries} made. */
  public Applied apply(Entry entry) {
    Applied applied = state.apply(entry);
    state.written(entry.index());
    return applied;
  }

  public State state() {
    return state;
  }

  public EntrySource entries() {
    return entries;
  }

  public int users() {
    return users;
  }

  /** The name of a user, by number. */
  public static String name(int user) {
    return "user_" + user;
  }

  private static RecordSource source() {
    byte[] text = TEXT.getBytes(StandardCharsets.UTF_8);
    return place -> PostRecord.post(1, place.id(), place.author(), text);
  }
}
