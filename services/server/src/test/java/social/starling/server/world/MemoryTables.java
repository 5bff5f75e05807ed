package social.starling.server.world;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.Predicate;
import social.starling.replication.Application;
import social.starling.replication.Stored;
import social.starling.server.state.Change;
import social.starling.server.state.Effect;
import social.starling.server.state.PostPlace;
import social.starling.server.state.State;
import social.starling.server.state.StateLoader;

/**
 * The tables and post files of a simulated volume: what is left of a state when its process is
 * gone. Rows are written as effects say, and read as a volume's are.
 */
final class MemoryTables implements Stored {

  private record Pair(long first, long second) {}

  /** Makes a process's application over a state that was read from these tables. */
  private final Function<State, MemberState> opener;

  /** Which effects reach the disk: all, unless a bug is planted. */
  private final Predicate<Effect> keeps;

  private final List<Effect.UserAdded> users = new ArrayList<>();
  private final Map<Pair, Effect.FollowAdded> follows = new HashMap<>();
  private final Map<Pair, Effect.UnfollowKept> unfollows = new HashMap<>();
  private final Map<Pair, Effect.WantChanged> wants = new HashMap<>();
  private final Map<Integer, Effect.CursorMoved> cursors = new HashMap<>();
  private final List<Effect.PostAdded> posts = new ArrayList<>();
  private final List<Effect.PostDeleted> deletions = new ArrayList<>();
  private final Map<Long, Effect.ClientWrote> clients = new HashMap<>();
  private final Map<Long, TreeMap<Long, Effect.AnswerRecorded>> answers = new HashMap<>();
  private final Map<PlaceKey, byte[]> files = new HashMap<>();
  private Effect.SlotsOwned slots;
  private Change.Totals totals = new Change.Totals(0, 0);
  private long applied;
  private MemberState current;

  private record PlaceKey(String author, long offset) {}

  MemoryTables(Function<State, MemberState> opener, Predicate<Effect> keeps) {
    this.opener = opener;
    this.keeps = keeps;
  }

  @Override
  public Application open() {
    StateLoader loader = new StateLoader(this::read, State.DEFAULT_CACHE_BYTES);
    if (slots != null) {
      loader.slots(slots.version(), slots.bits());
    }
    users.forEach(user -> loader.user(user.user(), user.name(), user.home(), user.index()));
    wants
        .values()
        .forEach(want -> loader.want(want.author(), want.cluster(), want.since(), want.position()));
    follows
        .values()
        .forEach(follow ->
            loader.follow(follow.follower(), follow.author(), follow.since(), follow.position()));
    unfollows.values().forEach(row -> loader.unfollow(row.follower(), row.author(), row.index()));
    cursors
        .values()
        .forEach(row -> loader.cursor(row.cluster(), row.cursor().index(), row.cursor().within()));
    for (Effect.PostAdded post : posts) {
      PostPlace place = post.place();
      loader.post(
          post.number(),
          post.user(),
          place.id(),
          place.index(),
          place.offset(),
          place.length(),
          place.crc());
    }
    deletions.forEach(row -> loader.deletion(row.number(), row.index(), row.offset()));
    clients.values().stream()
        .sorted(Comparator.comparingLong(Effect.ClientWrote::lastIndex))
        .forEach(row -> {
          loader.client(row.number(), row.client(), row.floor(), row.lastTime(), row.lastIndex());
          answers
              .get(row.number())
              .forEach((sequence, answer) ->
                  loader.answer(row.client(), sequence, answer.hash(), answer.answer()));
        });
    current = opener.apply(loader.finish(applied, totals.horizon()));
    current.loaded(applied, totals);
    return current;
  }

  private byte[] read(PostPlace place) {
    return files.get(new PlaceKey(place.author(), place.offset()));
  }

  @Override
  public void advance(long index) {
    while (applied < index) {
      Change change = current.unwritten();
      change.effects().stream().filter(keeps).forEach(this::write);
      applied = change.index();
      totals = change.totals();
    }
  }

  private void write(Effect effect) {
    switch (effect) {
      case Effect.UserAdded row -> users.add(row);
      case Effect.FollowAdded row -> follows.put(new Pair(row.follower(), row.author()), row);
      case Effect.FollowRemoved row -> follows.remove(new Pair(row.follower(), row.author()));
      case Effect.UnfollowKept row -> unfollows.put(new Pair(row.follower(), row.author()), row);
      case Effect.UnfollowForgotten row -> unfollows.remove(new Pair(row.follower(), row.author()));
      case Effect.WantChanged row -> wants.put(new Pair(row.author(), row.cluster()), row);
      case Effect.CursorMoved row -> cursors.put(row.cluster(), row);
      case Effect.SlotsOwned row -> slots = row;
      case Effect.PostAdded row -> {
        posts.add(row);
        files.put(new PlaceKey(row.place().author(), row.place().offset()), row.record());
      }
      case Effect.PostDeleted row -> deletions.add(row);
      case Effect.ClientWrote row -> {
        clients.put(row.number(), row);
        answers
            .computeIfAbsent(row.number(), ignored -> new TreeMap<>())
            .headMap(row.floor(), true)
            .clear();
      }
      case Effect.AnswerRecorded row -> answers.get(row.client()).put(row.sequence(), row);
      case Effect.ClientDropped row -> {
        clients.remove(row.number());
        answers.remove(row.number());
      }
    }
  }

  @Override
  public Stored copy() {
    MemoryTables copy = new MemoryTables(opener, keeps);
    copy.users.addAll(users);
    copy.follows.putAll(follows);
    copy.unfollows.putAll(unfollows);
    copy.wants.putAll(wants);
    copy.cursors.putAll(cursors);
    copy.posts.addAll(posts);
    copy.deletions.addAll(deletions);
    copy.clients.putAll(clients);
    answers.forEach((client, rows) -> copy.answers.put(client, new TreeMap<>(rows)));
    copy.files.putAll(files);
    copy.slots = slots;
    copy.totals = totals;
    copy.applied = applied;
    return copy;
  }
}
