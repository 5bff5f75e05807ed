package social.starling.server.world;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import social.starling.proto.journal.v1.Answer;
import social.starling.proto.journal.v1.Received;
import social.starling.proto.journal.v1.Request;
import social.starling.proto.sync.v1.Item;
import social.starling.replication.Entry;
import social.starling.server.state.Applied;
import social.starling.server.state.Change;
import social.starling.server.state.Effect;
import social.starling.server.state.Position;
import social.starling.server.state.State;

/**
 * What an all-seeing observer knows of one cluster: what its users did, by requests and answers,
 * and what it took from others. Whatever a member applies is compared with it.
 */
final class Chronicle {

  /** A post as its author's cluster committed it. */
  static final class Posted {
    final long id;
    final String author;
    final long index;
    final long moment;
    final String text;

    /** Index of the entry, or 0. */
    long deletedAt;

    Posted(long id, String author, long index, long moment, String text) {
      this.id = id;
      this.author = author;
      this.index = index;
      this.moment = moment;
      this.text = text;
    }

    boolean deleted() {
      return deletedAt > 0;
    }

    boolean deletedBy(long journal) {
      return deletedAt > 0 && deletedAt <= journal;
    }

    @Override
    public String toString() {
      return "post %d (entry %d) of %s".formatted(id, index, author);
    }
  }

  /** Who follows whom. */
  record Pair(String follower, String author) {}

  /**
   * A follow or an unfollow.
   *
   * @param moment when it was committed
   * @param had of a follow: the cursor at the author's cluster when it was asked for
   */
  record Word(Pair pair, boolean followed, long index, long moment, long had) {}

  private record Name(String name, long index) {}

  private final World world;
  private final int number;
  private final List<Answer> answers = new ArrayList<>();
  private final List<Change.Totals> totals = new ArrayList<>();
  private final List<Name> names = new ArrayList<>();
  private final Map<Integer, List<String>> foreignNames = new HashMap<>();
  private final Map<Long, Posted> posts = new LinkedHashMap<>();
  private final Map<String, List<Posted>> byAuthor = new HashMap<>();
  private final List<Posted> deletions = new ArrayList<>();
  private final List<Word> words = new ArrayList<>();
  private final Map<Pair, Word> lastWords = new LinkedHashMap<>();

  /** The lowest position from which posts of an author of another cluster may come. */
  private final Map<String, Long> needed = new HashMap<>();

  private final Map<Integer, Position> cursors = new HashMap<>();

  /** Of other clusters' posts that are here: whether they are live. */
  private final Map<Long, Boolean> foreignPosts = new HashMap<>();

  private final Map<String, Long> newest = new HashMap<>();

  Chronicle(World world, int number) {
    this.world = world;
    this.number = number;
    totals.add(new Change.Totals(0, 0));
  }

  long size() {
    return answers.size();
  }

  Answer answer(long index) {
    return answers.get((int) index - 1);
  }

  List<String> names() {
    return names.stream().map(Name::name).toList();
  }

  /** Its users' posts, deleted ones included, in order. */
  List<Posted> postsOf(String author) {
    return byAuthor.getOrDefault(author, List.of());
  }

  Posted post(long id) {
    return posts.get(id);
  }

  Map<Pair, Word> lastWords() {
    return lastWords;
  }

  /** How often its users followed or unfollowed those of another cluster. */
  long wordsFor(int peer) {
    return words.stream().filter(word -> world.home(word.pair().author()) == peer).count();
  }

  boolean follows(String follower, String author) {
    Word last = lastWords.get(new Pair(follower, author));
    return last != null && last.followed();
  }

  /** Up to where this cluster has what it needs of another. */
  Position cursor(int peer) {
    return cursors.getOrDefault(peer, Position.ZERO);
  }

  /** A process begins with what its volume held. */
  void loaded(long applied, Change.Totals written, Change.Totals read) {
    if (world.plant().compares() && written.checksum() != read.checksum()) {
      throw new Broken(
          Promise.EQUAL_STATES,
          "cluster %d at %d: the state that was read is not the one that was written"
              .formatted(number, applied));
    }
  }

  /** A member has applied the next entry of its own. */
  void applied(Entry entry, Applied applied, State state) {
    if (entry.index() <= size()) {
      if (world.plant().compares()
          && !totals.get((int) entry.index()).equals(applied.change().totals())) {
        throw new Broken(
            Promise.EQUAL_STATES,
            "cluster %d: members differ after entry %s, %s"
                .formatted(number, entry, MemberState.parse(entry.request())));
      }
      return;
    }
    Request request = MemberState.parse(entry.request());
    answers.add(applied.answer());
    totals.add(applied.change().totals());
    world.note(() ->
        "cluster %d commits %s: %s -> %s"
            .formatted(number, entry, World.line(request), World.line(applied.answer())));
    if (request.hasReceived()) {
      received(request.getReceived(), applied, state);
    } else if (applied.answer().getReason().isEmpty()) {
      did(entry, request, applied.answer());
    }
  }

  // ---------------------------------------------------------------- its own users

  private void did(Entry entry, Request request, Answer answer) {
    String user = request.getUser();
    switch (request.getBodyCase()) {
      case LOGIN -> {
        if (answer.getCreated()) {
          names.add(new Name(user, entry.index()));
        }
      }
      case POST -> {
        Posted post =
            new Posted(
                answer.getPostId(),
                user,
                entry.index(),
                world.moment(),
                request.getPost().getText());
        posts.put(post.id, post);
        byAuthor.computeIfAbsent(user, ignored -> new ArrayList<>()).add(post);
        world.counts().add(Seen.POSTS);
      }
      case DELETE -> {
        Posted post = posts.get(request.getDelete().getId());
        post.deletedAt = entry.index();
        deletions.add(post);
        world.counts().add(Seen.DELETIONS);
      }
      case FOLLOW -> word(entry, user, request.getFollow().getName(), true);
      case UNFOLLOW -> word(entry, user, request.getUnfollow().getName(), false);
      default -> {}
    }
  }

  private void word(Entry entry, String user, String author, boolean followed) {
    long had = world.hadWhenAsked(entry.requestId());
    Pair pair = new Pair(user, author);
    Word word = new Word(pair, followed, entry.index(), world.moment(), had);
    words.add(word);
    Word before = lastWords.put(pair, word);
    if (world.home(author) != number) {
      world
          .counts()
          .add(
              !followed
                  ? Seen.UNFOLLOWS_ACROSS
                  : before == null ? Seen.FOLLOWS_ACROSS : Seen.FOLLOWS_AGAIN_ACROSS);
      if (followed) {
        needed.merge(author, had, Math::min);
      }
    }
  }

  // ---------------------------------------------------------------- what it takes from others

  private void received(Received batch, Applied applied, State state) {
    String reason = applied.answer().getReason();
    if (!reason.isEmpty()) {
      if (!reason.equals("NOT_READY")) {
        throw new Broken(
            Promise.CATCHES_UP,
            "cluster %d refuses %s: %s".formatted(number, World.line(batch), applied.answer()));
      }
      world.counts().add(Seen.BATCHES_OUT_OF_PLACE);
      return;
    }
    world.counts().add(Seen.BATCHES_TAKEN);
    int peer = batch.getCluster();
    Chronicle sender = world.cluster(peer).chronicle();
    Position from = cursor(peer);
    Position to = state.cursor(peer);
    check(
        Promise.PREFIX,
        Position.of(batch.getAfter()).equals(from)
            && to.compareTo(from) > 0
            && to.index() <= sender.size(),
        () -> "the cursor of %d goes from %s to %s with %s".formatted(peer, from, to, batch));
    cursors.put(peer, to);
    for (Effect effect : applied.change().effects()) {
      switch (effect) {
        case Effect.UserAdded row -> name(sender, row.name(), to);
        case Effect.PostAdded row -> post(sender, row, batch, to);
        case Effect.PostDeleted row -> deletion(sender, batch);
        default -> {}
      }
    }
    checkNames(sender, peer, to);
    count(batch, applied);
    for (Item item : batch.getItemsList()) {
      if (item.hasFollow()) {
        agree(sender, item.getFollow().getFollower(), item.getFollow().getAuthor(), to, state);
      } else if (item.hasUnfollow()) {
        agree(sender, item.getUnfollow().getFollower(), item.getUnfollow().getAuthor(), to, state);
      }
    }
    if (to.index() > from.index()) {
      sender.wordsBetween(from.index(), to.index()).stream()
          .filter(word -> world.home(word.pair().author()) == number)
          .forEach(word -> agree(sender, word.pair().follower(), word.pair().author(), to, state));
      for (Posted gone : sender.deletionsBetween(from.index(), to.index())) {
        check(
            Promise.NOT_UNDONE,
            !foreignPosts.getOrDefault(gone.id, false),
            () -> gone + " was deleted by entry " + gone.deletedAt + " and is still here");
      }
    }
  }

  private void count(Received batch, Applied applied) {
    boolean post = batch.getItemsCount() > 0 && batch.getItems(batch.getItemsCount() - 1).hasPost();
    boolean added =
        applied.change().effects().stream().anyMatch(effect -> effect instanceof Effect.PostAdded);
    if (post) {
      world.counts().add(added ? Seen.POSTS_TAKEN : Seen.POSTS_REPEATED);
      if (added && batch.getUpTo().getWithin() > 0) {
        world.counts().add(Seen.POSTS_BROUGHT_BACK);
      }
    }
  }

  private void name(Chronicle sender, String name, Position to) {
    List<String> known = foreignNames.computeIfAbsent(sender.number, ignored -> new ArrayList<>());
    check(
        Promise.PREFIX,
        known.size() < sender.names.size() && sender.names.get(known.size()).name().equals(name),
        () -> "%s is not the next name of cluster %d, at %s".formatted(name, sender.number, to));
    known.add(name);
  }

  private void checkNames(Chronicle sender, int peer, Position to) {
    int known = foreignNames.getOrDefault(peer, List.of()).size();
    boolean next = known < sender.names.size() && sender.names.get(known).index() <= to.index();
    boolean early = known > 0 && sender.names.get(known - 1).index() > to.index();
    check(
        Promise.PREFIX,
        !next && !early,
        () -> "%d names of cluster %d are known at %s".formatted(known, peer, to));
  }

  private void post(Chronicle sender, Effect.PostAdded row, Received batch, Position to) {
    long id = row.place().id();
    Posted made = sender.posts.get(id);
    social.starling.proto.sync.v1.Post item = batch.getItems(batch.getItemsCount() - 1).getPost();
    check(Promise.ONCE, made != null, () -> "there is no post %d: %s".formatted(id, item));
    check(
        Promise.PREFIX,
        made.author.equalsIgnoreCase(row.place().author())
            && made.text.equals(item.getText())
            && made.index <= Math.max(to.index(), to.within()),
        () -> made + " comes as " + item + " at " + to);
    Long last = newest.put(made.author, id);
    check(Promise.ONCE, last == null || last < id, () -> made + " comes after post " + last);
    check(
        Promise.NOT_UNDONE,
        !made.deletedBy(to.index()),
        () -> made + " comes at " + to + " and was deleted by " + made.deletedAt);
    check(
        Promise.ONLY_NEEDED,
        needed.getOrDefault(made.author, Long.MAX_VALUE) < made.index,
        () -> made + " comes, needed from " + needed.get(made.author));
    foreignPosts.put(id, true);
  }

  private void deletion(Chronicle sender, Received batch) {
    for (Item item : batch.getItemsList()) {
      if (item.hasDeletion()) {
        Posted made = sender.posts.get(item.getDeletion().getId());
        check(
            Promise.PREFIX,
            made != null && made.deleted(),
            () -> "a deletion that nobody made: " + item);
        if (foreignPosts.replace(made.id, false) != null) {
          world.counts().add(Seen.DELETIONS_TAKEN);
        }
      }
    }
  }

  /** If the last word on the two was heard, it holds. */
  private void agree(Chronicle sender, String follower, String author, Position to, State state) {
    Word last = sender.lastWords.get(new Pair(follower, author));
    if (last == null || last.index() > to.index()) {
      return;
    }
    boolean here =
        state.followers(author, "", 1_000).map(list -> list.contains(follower)).orElse(false);
    check(
        Promise.AGREE,
        here == last.followed(),
        () ->
            "%s was heard up to %s, but followers of %s are %s"
                .formatted(last, to, author, state.followers(author, "", 1_000)));
  }

  private List<Word> wordsBetween(long from, long to) {
    int begin = words.size();
    while (begin > 0 && words.get(begin - 1).index() > from) {
      begin--;
    }
    int end = begin;
    while (end < words.size() && words.get(end).index() <= to) {
      end++;
    }
    return words.subList(begin, end);
  }

  private List<Posted> deletionsBetween(long from, long to) {
    int begin = deletions.size();
    while (begin > 0 && deletions.get(begin - 1).deletedAt > from) {
      begin--;
    }
    int end = begin;
    while (end < deletions.size() && deletions.get(end).deletedAt <= to) {
      end++;
    }
    return deletions.subList(begin, end);
  }

  private void check(Promise promise, boolean kept, java.util.function.Supplier<String> otherwise) {
    if (!kept) {
      throw new Broken(promise, "cluster %d: %s".formatted(number, otherwise.get()));
    }
  }
}
