package social.starling.server.state;

import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;
import social.starling.proto.sns.v1.Post;
import social.starling.proto.sync.v1.Deletion;
import social.starling.proto.sync.v1.Follow;
import social.starling.proto.sync.v1.Item;
import social.starling.proto.sync.v1.Name;
import social.starling.proto.sync.v1.Unfollow;

/**
 * Reads what a peer needs after a position, once. The state that it reads may be newer than the
 * entry that it is at, which changes nothing for the peer in the end:
 *
 * <ol>
 *   <li>Every user who registered is sent.
 *   <li>A post is sent if the peer wants the author since an earlier entry. If it wants the author
 *       since a later one, the post is brought back there, or the peer's users followed after it. A
 *       post that is deleted already is left out.
 *   <li>A deletion is sent if the peer ever wanted the author: it may have the post.
 *   <li>A follow or unfollow of one of the peer's users is sent if it is still the last word on the
 *       two; otherwise the last word follows.
 *   <li>At the entry since which the peer wants authors, their posts between the position of the
 *       follow and that entry are brought back, in the order of the journal. Some may have been
 *       sent before.
 * </ol>
 *
 * <p>Each source is ordered by index, so the start is found by bisection and the work is that of
 * the changes passed. Used by one thread, beside the applying one.
 */
final class OutgoingReader {

  /** Changes that one call looks at, whether they are for the peer or not. */
  static final int MAX_SCANNED = 10_000;

  private static final long NONE = Long.MAX_VALUE;

  private final Users users;
  private final PostTable posts;
  private final IntFunction<Post> read;
  private final int cluster;
  private final Peer peer;
  private final Position after;
  private final long asOf;
  private final int maxItems;

  private final Numbers ownUsers;
  private final Numbers ownPosts;
  private final ChangeLog.Page deletions;
  private final ChangeLog.Page follows;
  private final ChangeLog.Page wants;

  // Places in the five sources.
  private int user;
  private int post;
  private int deletion;
  private int follow;
  private int want;

  private final List<Outgoing.Step> steps = new ArrayList<>();
  private Position reached;
  private int scanned;
  private int bytes;

  /**
   * @param asOf applied index, taken before anything else is read
   * @param read gives a post by its number
   */
  OutgoingReader(
      Contents contents,
      IntFunction<Post> read,
      int cluster,
      Position after,
      long asOf,
      int maxItems) {
    this.users = contents.users();
    this.posts = contents.posts();
    this.read = read;
    this.cluster = cluster;
    Peer known = contents.peers().find(cluster);
    this.peer = known == null ? new Peer(cluster) : known;
    this.after = after;
    this.asOf = asOf;
    this.maxItems = maxItems;
    this.reached = after;
    this.ownUsers = contents.own().users;
    this.ownPosts = contents.own().posts;
    this.deletions = contents.own().deletions.page();
    this.follows = peer.follows.page();
    this.wants = peer.wants.page();
  }

  Outgoing read() {
    if (after.index() >= asOf) {
      return new Outgoing(List.of(), after, false);
    }
    user = ownUsers.above(after.index(), number -> users.get(number).index);
    post = ownPosts.above(after.index(), posts::index);
    deletion = deletions.after(after.index());
    follow = follows.after(after.index());
    want = wants.after(after.index());
    while (true) {
      long next = next();
      if (next > asOf) {
        reached = new Position(asOf, 0);
        return new Outgoing(List.copyOf(steps), reached, false);
      }
      if (full() || !pass(next)) {
        return new Outgoing(List.copyOf(steps), reached, true);
      }
      reached = new Position(next, 0);
    }
  }

  private boolean full() {
    return steps.size() >= maxItems || scanned >= MAX_SCANNED || bytes >= BatchRules.MAX_BYTES;
  }

  /** Index of the next change in any source. */
  private long next() {
    long next = user < ownUsers.size() ? users.get(ownUsers.get(user)).index : NONE;
    next = Math.min(next, post < ownPosts.size() ? posts.index(ownPosts.get(post)) : NONE);
    next = Math.min(next, index(deletions, deletion));
    next = Math.min(next, index(follows, follow));
    return Math.min(next, index(wants, want));
  }

  private static long index(ChangeLog.Page page, int at) {
    return at < page.size() ? page.index(at) : NONE;
  }

  /** Passes all changes of an entry; whether there was room for them. */
  private boolean pass(long index) {
    if (index(wants, want) == index) {
      if (!bringBack(index)) {
        return false;
      }
      while (index(wants, want) == index) {
        want++;
      }
    }
    while (user < ownUsers.size() && users.get(ownUsers.get(user)).index == index) {
      scanned++;
      step(index, name(users.get(ownUsers.get(user++))));
    }
    while (post < ownPosts.size() && posts.index(ownPosts.get(post)) == index) {
      scanned++;
      post(index, ownPosts.get(post++));
    }
    while (index(deletions, deletion) == index) {
      scanned++;
      deletion(index, deletions.first(deletion++));
    }
    while (index(follows, follow) == index) {
      scanned++;
      follow(index, follows.first(follow), follows.second(follow));
      follow++;
    }
    return true;
  }

  private void post(long index, int number) {
    Want wanted = Want.find(users.get(posts.author(number)).wants, cluster);
    if (wanted != null && wanted.since() > 0 && wanted.since() < index && !posts.deleted(number)) {
      step(index, item(number));
    }
  }

  private void deletion(long index, int number) {
    User author = users.get(posts.author(number));
    if (Want.find(author.wants, cluster) != null) {
      step(
          index,
          Item.newBuilder()
              .setDeletion(Deletion.newBuilder().setAuthor(author.name).setId(posts.id(number)))
              .build());
    }
  }

  private void follow(long index, int followerNumber, int authorNumber) {
    User follower = users.get(followerNumber);
    User author = users.get(authorNumber);
    Following following = follower.following;
    int at = users.search(following.authors(), author.lower);
    if (at >= 0) {
      if (following.since()[at] == index) {
        step(
            index,
            Item.newBuilder()
                .setFollow(
                    Follow.newBuilder()
                        .setFollower(follower.name)
                        .setAuthor(author.name)
                        .setPosition(following.position(at)))
                .build());
      }
    } else if (peer.unfollowed(followerNumber, authorNumber) == index) {
      step(
          index,
          Item.newBuilder()
              .setUnfollow(Unfollow.newBuilder().setFollower(follower.name).setAuthor(author.name))
              .build());
    }
  }

  /** Passes the posts that an entry brings back; whether there was room for all of them. */
  private boolean bringBack(long index) {
    long within = after.index() == index - 1 ? after.within() : 0;
    int authors = 0;
    while (index(wants, want + authors) == index) {
      authors++;
    }
    int[][] numbers = new int[authors][];
    int[] at = new int[authors];
    int[] ends = new int[authors];
    Heap heap = new Heap(authors);
    for (int i = 0; i < authors; i++) {
      scanned++;
      User author = users.get(wants.first(want + i));
      Want wanted = Want.find(author.wants, cluster);
      if (wanted == null || wanted.since() != index) {
        continue;
      }
      ends[i] = author.postCount();
      numbers[i] = author.posts();
      at[i] = posts.firstAfter(numbers[i], ends[i], Math.max(wanted.position(), within));
      if (at[i] < ends[i] && posts.index(numbers[i][at[i]]) < index) {
        heap.add(numbers[i][at[i]], i);
      }
    }
    heap.order();
    while (!heap.isEmpty()) {
      if (full()) {
        return false;
      }
      int i = heap.first();
      int number = numbers[i][at[i]++];
      reached = new Position(index - 1, posts.index(number));
      scanned++;
      if (!posts.deleted(number)) {
        step(reached, item(number));
      }
      if (at[i] < ends[i] && posts.index(numbers[i][at[i]]) < index) {
        heap.replaceFirst(numbers[i][at[i]]);
      } else {
        heap.removeFirst();
      }
    }
    return true;
  }

  private static Item name(User user) {
    return Item.newBuilder().setName(Name.newBuilder().setName(user.name)).build();
  }

  private Item item(int number) {
    Post post = read.apply(number);
    return Item.newBuilder()
        .setPost(
            social.starling.proto.sync.v1.Post.newBuilder()
                .setAuthor(post.getAuthor())
                .setId(post.getId())
                .setTimeMillis(post.getTimeMillis())
                .setTextBytes(post.getTextBytes()))
        .build();
  }

  private void step(long index, Item item) {
    step(new Position(index, 0), item);
  }

  private void step(Position upTo, Item item) {
    steps.add(new Outgoing.Step(item, upTo));
    bytes += item.getSerializedSize();
  }
}
