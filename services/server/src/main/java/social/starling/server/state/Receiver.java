package social.starling.server.state;

import java.util.List;
import java.util.Optional;
import social.starling.proto.journal.v1.Answer;
import social.starling.proto.journal.v1.Received;
import social.starling.proto.sns.v1.Reason;
import social.starling.proto.sync.v1.Deletion;
import social.starling.proto.sync.v1.Follow;
import social.starling.proto.sync.v1.Item;
import social.starling.proto.sync.v1.Post;
import social.starling.proto.sync.v1.Unfollow;
import social.starling.replication.Entry;

/**
 * Takes in what other clusters send. A batch takes effect only if it begins at the cursor, whole,
 * so each does once, in order. What a batch says of its own cluster's users is taken as it is; what
 * it says of users who are not, or are not known, is passed over: the sender says everything in an
 * order in which that does not happen. Applying thread only.
 */
final class Receiver {

  private final Users users;
  private final PostTable posts;
  private final Peers peers;
  private final Applier applier;

  Receiver(Contents contents, Applier applier) {
    this.users = contents.users();
    this.posts = contents.posts();
    this.peers = contents.peers();
    this.applier = applier;
  }

  Answer apply(Entry entry, Received received, List<Effect> effects) {
    if (BatchRules.unknown(received)) {
      // The other member may know it.
      throw new UnappliableException(
          "entry %s holds a change of cluster %d that this version does not know; update it"
              .formatted(entry, received.getCluster()));
    }
    Optional<String> defect = BatchRules.defect(received);
    if (defect.isPresent()) {
      return Refusal.of(
          Reason.INVALID_REQUEST,
          "the batch of cluster %s is refused: %s"
              .formatted(Integer.toUnsignedString(received.getCluster()), defect.get()));
    }
    Peer peer = peers.get(received.getCluster());
    Position after = Position.of(received.getAfter());
    if (!after.equals(peer.cursor)) {
      return Refusal.of(
          Reason.NOT_READY,
          "the batch of cluster %d begins at %s, and the cursor is at %s"
              .formatted(peer.cluster, after, peer.cursor));
    }
    for (Item item : received.getItemsList()) {
      take(entry, peer, item, effects);
    }
    move(peer, Position.of(received.getUpTo()), effects);
    return Answer.getDefaultInstance();
  }

  private void move(Peer peer, Position upTo, List<Effect> effects) {
    applier.changed(Rows.cursor(peer.cluster, peer.cursor), Rows.cursor(peer.cluster, upTo));
    peer.cursor = upTo;
    effects.add(new Effect.CursorMoved(peer.cluster, upTo));
  }

  private void take(Entry entry, Peer peer, Item item, List<Effect> effects) {
    switch (item.getItemCase()) {
      case NAME -> {
        String name = item.getName().getName();
        if (users.find(name) == null) {
          applier.addUser(name, peer.cluster, entry, effects);
        }
      }
      case FOLLOW -> follow(entry, peer, item.getFollow(), effects);
      case UNFOLLOW -> unfollow(entry, peer, item.getUnfollow(), effects);
      case POST -> post(entry, peer, item.getPost(), effects);
      case DELETION -> deletion(entry, peer, item.getDeletion(), effects);
      case ITEM_NOT_SET -> throw new IllegalStateException();
    }
  }

  private void follow(Entry entry, Peer peer, Follow follow, List<Effect> effects) {
    User follower = users.find(follow.getFollower());
    User author = users.find(follow.getAuthor());
    if (!between(peer, follower, author)
        || !applier.addFollow(entry, follower, author, 0, effects)) {
      return;
    }
    Want before = Want.find(author.wants, peer.cluster);
    if (before != null && before.followers() > 0) {
      // Who follows later needs no more than who followed first.
      count(author, before, 1);
      return;
    }
    Want wanted = new Want(peer.cluster, 1, entry.index(), follow.getPosition());
    author.wants = Want.with(author.wants, wanted);
    peer.wants.add(entry.index(), author.number, 0);
    changed(author, before, wanted, effects);
  }

  private void unfollow(Entry entry, Peer peer, Unfollow unfollow, List<Effect> effects) {
    User follower = users.find(unfollow.getFollower());
    User author = users.find(unfollow.getAuthor());
    if (!between(peer, follower, author)
        || !applier.removeFollow(entry, follower, author, effects)) {
      return;
    }
    Want before = Want.find(author.wants, peer.cluster);
    if (before.followers() > 1) {
      count(author, before, -1);
      return;
    }
    Want unwanted = new Want(peer.cluster, 0, 0, 0);
    author.wants = Want.with(author.wants, unwanted);
    changed(author, before, unwanted, effects);
    peer.wants.superseded((index, number, ignored) -> {
      Want want = Want.find(users.get(number).wants, peer.cluster);
      return want.since() == index;
    });
  }

  private static boolean between(Peer peer, User follower, User author) {
    return follower != null && author != null && follower.home == peer.cluster && author.local();
  }

  private static void count(User author, Want want, int more) {
    author.wants =
        Want.with(
            author.wants,
            new Want(want.cluster(), want.followers() + more, want.since(), want.position()));
  }

  private void changed(User author, Want before, Want after, List<Effect> effects) {
    applier.changed(
        before == null ? 0 : Rows.want(author.number, before), Rows.want(author.number, after));
    effects.add(
        new Effect.WantChanged(author.number, after.cluster(), after.since(), after.position()));
  }

  private void post(Entry entry, Peer peer, Post post, List<Effect> effects) {
    User author = users.find(post.getAuthor());
    // A post that was brought back may be here already. Those of one author ascend.
    if (author != null && author.home == peer.cluster && post.getId() > posts.newestId(author)) {
      applier.addPost(
          entry, author, post.getId(), post.getTimeMillis(), post.getTextBytes(), effects);
    }
  }

  private void deletion(Entry entry, Peer peer, Deletion deletion, List<Effect> effects) {
    User author = users.find(deletion.getAuthor());
    if (author == null || author.home != peer.cluster) {
      return;
    }
    int number = posts.find(author, deletion.getId());
    if (number >= 0 && !posts.deleted(number)) {
      applier.deletePost(entry, author, number, effects);
    }
  }
}
