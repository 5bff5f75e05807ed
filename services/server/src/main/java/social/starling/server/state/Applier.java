package social.starling.server.state;

import com.google.protobuf.ByteString;
import java.util.BitSet;
import java.util.List;
import social.starling.common.Slots;
import social.starling.proto.journal.v1.Answer;
import social.starling.proto.journal.v1.Follow;
import social.starling.proto.journal.v1.OwnSlots;
import social.starling.proto.journal.v1.Request;
import social.starling.proto.sns.v1.Reason;
import social.starling.replication.Entry;

/**
 * What each request does: one deterministic function from an entry and the state to an answer and
 * effects. Applying thread only.
 */
final class Applier {

  private final Users users;
  private final PostTable posts;
  private final Answers answers;
  private final Peers peers;
  private final OwnedSlots slots;
  private final OwnHistory own;
  private final Receiver receiver;
  private final Watchers watchers;

  private long checksum;

  /** Whose post the entry added, or null. */
  private User posted;

  /**
   * @param watchers are told who follows whom
   * @param checksum sum of the hashes of all rows but those of the answers
   */
  Applier(Contents contents, Watchers watchers, long checksum) {
    this.users = contents.users();
    this.posts = contents.posts();
    this.answers = contents.answers();
    this.peers = contents.peers();
    this.slots = contents.slots();
    this.own = contents.own();
    this.receiver = new Receiver(contents, this);
    this.watchers = watchers;
    this.checksum = checksum;
  }

  /** Sum of the hashes of all rows but those of the answers. */
  long checksum() {
    return checksum;
  }

  /** Whose post the last entry added, or null. */
  User posted() {
    return posted;
  }

  void changed(long removedHash, long addedHash) {
    checksum += addedHash - removedHash;
  }

  Answer apply(Entry entry, Request request, List<Effect> effects) {
    posted = null;
    Request.BodyCase body = request.getBodyCase();
    return switch (body) {
      case EXPIRE_ANSWERS, RECEIVED, OWN_SLOTS ->
          entry.requestId().isNone()
              ? system(entry, request, effects)
              : Refusal.of(
                  Reason.INVALID_REQUEST, "only the system itself does this; nothing was done");
      case LOGIN -> login(entry, request.getUser(), effects);
      case FOLLOW, UNFOLLOW, POST, DELETE -> write(entry, request, effects);
      case BODY_NOT_SET -> throw new IllegalStateException();
    };
  }

  private Answer system(Entry entry, Request request, List<Effect> effects) {
    return switch (request.getBodyCase()) {
      case EXPIRE_ANSWERS -> expireAnswers(entry, request, effects);
      case RECEIVED -> receiver.apply(entry, request.getReceived(), effects);
      default -> ownSlots(entry, request.getOwnSlots(), effects);
    };
  }

  private Answer expireAnswers(Entry entry, Request request, List<Effect> effects) {
    // A time that has not come would shut out clients that are yet to be made.
    long before = Math.min(request.getExpireAnswers().getBeforeMillis(), entry.timeMillis());
    answers.raiseHorizon(before, effects);
    return Answer.getDefaultInstance();
  }

  private Answer ownSlots(Entry entry, OwnSlots change, List<Effect> effects) {
    if (change.getChangeCase() == OwnSlots.ChangeCase.CHANGE_NOT_SET) {
      if (!change.getUnknownFields().asMap().isEmpty()) {
        throw new UnappliableException(
            "entry %s changes slots in a way that this version does not know; update it"
                .formatted(entry));
      }
      return Refusal.of(Reason.INVALID_REQUEST, "no slots are named; nothing was done");
    }
    ByteString bits = change.hasAll() ? change.getAll().getBits() : change.getRelease().getBits();
    if (bits.size() != OwnedSlots.BYTES || change.getVersion() < 1) {
      return Refusal.of(
          Reason.INVALID_REQUEST,
          "%d bytes of version %s are no set of slots; nothing was done"
              .formatted(bits.size(), Long.toUnsignedString(change.getVersion())));
    }
    if (change.getVersion() > slots.version()) {
      long before = slots.rowHash();
      BitSet named = BitSet.valueOf(bits.toByteArray());
      if (change.hasAll()) {
        slots.take(change.getVersion(), named);
      } else {
        slots.release(change.getVersion(), named);
      }
      changed(before, slots.rowHash());
      effects.add(new Effect.SlotsOwned(slots.version(), slots.bits()));
    }
    return Answer.newBuilder().setSlots(slots.message()).build();
  }

  private Answer login(Entry entry, String name, List<Effect> effects) {
    User user = users.find(name);
    if (user != null) {
      return user.local()
          ? Answer.newBuilder().setUser(user.name).build()
          : Refusal.elsewhere(user.name);
    }
    if (!Names.valid(name)) {
      return Refusal.of(
          Reason.INVALID_NAME,
          "%s is no name of a user: 1 to 30 of A-Z, a-z, 0-9 and _".formatted(Refusal.shown(name)));
    }
    if (slots.version() == 0) {
      return Refusal.of(
          Reason.WAITING_FOR_CLUSTERS, "new users cannot register yet: more clusters are expected");
    }
    int slot = Slots.of(name);
    if (!slots.owns(slot)) {
      return Refusal.elsewhere(name);
    }
    user = addUser(name, State.LOCAL, entry, effects);
    slots.registered(slot);
    own.users.add(user.number);
    return Answer.newBuilder().setCreated(true).setUser(user.name).build();
  }

  User addUser(String name, int home, Entry entry, List<Effect> effects) {
    User user = users.add(name, home, entry.index());
    changed(0, Rows.user(user));
    effects.add(new Effect.UserAdded(user.number, user.name, home, user.index));
    return user;
  }

  private Answer write(Entry entry, Request request, List<Effect> effects) {
    User user = users.find(request.getUser());
    if (user == null) {
      return Refusal.of(
          Reason.USER_UNKNOWN,
          "%s is not a user; log in first".formatted(Refusal.shown(request.getUser())));
    }
    if (!user.local()) {
      return Refusal.elsewhere(user.name);
    }
    return switch (request.getBodyCase()) {
      case FOLLOW -> follow(entry, user, request.getFollow(), effects);
      case UNFOLLOW -> unfollow(entry, user, request.getUnfollow().getName(), effects);
      case POST -> post(entry, user, request.getPost().getTextBytes(), effects);
      default -> delete(entry, user, request.getDelete().getId(), effects);
    };
  }

  private Answer follow(Entry entry, User user, Follow follow, List<Effect> effects) {
    User author = users.find(follow.getName());
    if (author == null) {
      return Refusal.of(
          Reason.USER_UNKNOWN,
          "%s is not a user; nothing was followed".formatted(Refusal.shown(follow.getName())));
    }
    if (author == user) {
      return Refusal.of(Reason.ALREADY_FOLLOWING, "nobody follows oneself; nothing was followed");
    }
    long position = author.local() ? 0 : Math.max(0, follow.getPosition());
    if (!addFollow(entry, user, author, position, effects)) {
      return Refusal.of(
          Reason.ALREADY_FOLLOWING, "%s follows %s already".formatted(user.name, author.name));
    }
    if (!author.local()) {
      Peer peer = peers.get(author.home);
      Long undone = peer.unfollows.remove(Peer.pair(user.number, author.number));
      peer.follows.add(entry.index(), user.number, author.number);
      if (undone != null) {
        changed(Rows.unfollow(user.number, author.number, undone), 0);
        effects.add(new Effect.UnfollowForgotten(user.number, author.number));
        superseded(peer);
      }
    }
    return Answer.getDefaultInstance();
  }

  private Answer unfollow(Entry entry, User user, String name, List<Effect> effects) {
    User author = users.find(name);
    if (author == null) {
      return Refusal.of(
          Reason.USER_UNKNOWN,
          "%s is not a user; nothing was unfollowed".formatted(Refusal.shown(name)));
    }
    if (author == user) {
      return Refusal.of(Reason.SELF, "nobody unfollows oneself; nothing was unfollowed");
    }
    if (!removeFollow(entry, user, author, effects)) {
      return Refusal.of(
          Reason.NOT_FOLLOWING, "%s does not follow %s".formatted(user.name, author.name));
    }
    if (!author.local()) {
      Peer peer = peers.get(author.home);
      peer.unfollows.put(Peer.pair(user.number, author.number), entry.index());
      peer.follows.add(entry.index(), user.number, author.number);
      changed(0, Rows.unfollow(user.number, author.number, entry.index()));
      effects.add(new Effect.UnfollowKept(user.number, author.number, entry.index()));
      superseded(peer);
    }
    return Answer.getDefaultInstance();
  }

  /** The last word on a follower and an author was said again. */
  private void superseded(Peer peer) {
    peer.follows.superseded((index, first, second) -> {
      Following following = users.get(first).following;
      int at = users.search(following.authors(), users.get(second).lower);
      return at >= 0 ? following.since()[at] == index : peer.unfollowed(first, second) == index;
    });
  }

  /** Returns whether it was not there. */
  boolean addFollow(Entry entry, User user, User author, long position, List<Effect> effects) {
    Following before = user.following;
    int at = users.search(before.authors(), author.lower);
    if (at >= 0) {
      return false;
    }
    user.following = before.with(-at - 1, author.number, entry.index(), position);
    int[] followers = author.followers;
    author.followers =
        Sorted.with(followers, -users.search(followers, user.lower) - 1, user.number);
    watchers.followed(user, author);
    changed(0, Rows.follow(user.number, author.number, entry.index(), position));
    effects.add(new Effect.FollowAdded(user.number, author.number, entry.index(), position));
    return true;
  }

  /** Returns whether it was there. */
  boolean removeFollow(Entry entry, User user, User author, List<Effect> effects) {
    Following before = user.following;
    int at = users.search(before.authors(), author.lower);
    if (at < 0) {
      return false;
    }
    changed(Rows.follow(user.number, author.number, before.since()[at], before.position(at)), 0);
    user.following = before.without(at, entry.index());
    int[] followers = author.followers;
    author.followers = Sorted.without(followers, users.search(followers, user.lower));
    watchers.unfollowed(user, author);
    effects.add(new Effect.FollowRemoved(user.number, author.number));
    return true;
  }

  private Answer post(Entry entry, User user, ByteString words, List<Effect> effects) {
    if (words.isEmpty() || words.size() > State.MAX_TEXT) {
      return Refusal.of(
          Reason.INVALID_TEXT,
          "a post is 1 to %d bytes of UTF-8, not %d; nothing was posted"
              .formatted(State.MAX_TEXT, words.size()));
    }
    if (entry.id() <= own.lastId()) {
      throw new UnappliableException(
          "entry %s has id %d, which is not above the last post's".formatted(entry, entry.id()));
    }
    int number = addPost(entry, user, entry.id(), entry.timeMillis(), words, effects);
    own.posts.add(number);
    return Answer.newBuilder().setPostId(entry.id()).setTimeMillis(entry.timeMillis()).build();
  }

  int addPost(
      Entry entry, User user, long id, long timeMillis, ByteString words, List<Effect> effects) {
    byte[] text = words.toByteArray();
    byte[] record = PostRecord.post(timeMillis, id, user.name, text);
    PostPlace place =
        new PostPlace(
            user.lower, id, entry.index(), user.fileLength, record.length, PostRecord.crc(record));
    posts.keep(timeMillis, text);
    int number =
        posts.add(
            place.id(), place.index(), user.number, place.offset(), place.length(), place.crc());
    user.addPost(number);
    user.fileLength += record.length;
    changed(0, Rows.post(posts, number));
    effects.add(new Effect.PostAdded(number, user.number, place, record));
    posted = user;
    return number;
  }

  private Answer delete(Entry entry, User user, long id, List<Effect> effects) {
    int number = posts.find(user, id);
    if (number < 0) {
      int others = own.find(id);
      return others < 0 || posts.deleted(others)
          ? unknownPost(id)
          : Refusal.of(
              Reason.NOT_AUTHOR,
              "post %d is %s's; nothing was deleted"
                  .formatted(id, users.get(posts.author(others)).name));
    }
    if (posts.deleted(number)) {
      return unknownPost(id);
    }
    deletePost(entry, user, number, effects);
    own.deletions.add(entry.index(), number, 0);
    return Answer.getDefaultInstance();
  }

  private static Answer unknownPost(long id) {
    return Refusal.of(
        Reason.POST_UNKNOWN,
        "there is no post %s; nothing was deleted".formatted(Long.toUnsignedString(id)));
  }

  void deletePost(Entry entry, User user, int number, List<Effect> effects) {
    long id = posts.id(number);
    byte[] record = PostRecord.deletion(id);
    posts.delete(number, entry.index());
    long offset = user.fileLength;
    user.fileLength += record.length;
    changed(0, Rows.deletion(id, entry.index(), offset));
    effects.add(new Effect.PostDeleted(number, entry.index(), user.lower, offset, record));
  }
}
