package social.starling.server.world;

import java.util.List;
import social.starling.proto.journal.v1.Received;
import social.starling.proto.journal.v1.Request;
import social.starling.proto.sns.v1.Post;
import social.starling.proto.sync.v1.Item;
import social.starling.replication.Entry;
import social.starling.server.state.Effect;
import social.starling.server.state.Position;
import social.starling.server.state.State;

/** Wrong readings of the rules between clusters. The world must find every one of them. */
enum WorldBug {
  /** Posts from before the author's cluster heard of the follow are not brought back. */
  NO_BRING_BACK(
      Promise.OWED,
      new WorldPlant() {
        @Override
        long position(long known, MemberState member) {
          return Long.MAX_VALUE / 2;
        }
      }),

  /** The position of a follow is of the wrong journal: the follower's own. */
  POSITION_OF_OWN_JOURNAL(
      Promise.OWED,
      new WorldPlant() {
        @Override
        long position(long known, MemberState member) {
          return member.state().appliedIndex();
        }
      }),

  /** A follow carries no position: all that the author ever wrote is brought back. */
  NO_POSITION(
      Promise.ONLY_NEEDED,
      new WorldPlant() {
        @Override
        long position(long known, MemberState member) {
          return 0;
        }
      }),

  /** The position is filled in where the follow is applied, not where it is journaled. */
  POSITION_WHEN_APPLIED(
      Promise.EQUAL_STATES,
      new WorldPlant() {
        @Override
        Entry applies(Entry entry, MemberState member) {
          Request request = MemberState.parse(entry.request());
          int home = member.state().home(request.getFollow().getName()).orElse(State.LOCAL);
          if (!request.hasFollow() || home == State.LOCAL) {
            return entry;
          }
          Request.Builder filled = request.toBuilder();
          filled.getFollowBuilder().setPosition(member.position(home));
          return with(entry, filled.build());
        }
      }),

  /** A batch takes effect wherever the cursor is. */
  CURSOR_NOT_CHECKED(
      Promise.AGREE,
      new WorldPlant() {
        @Override
        Entry applies(Entry entry, MemberState member) {
          Request request = MemberState.parse(entry.request());
          if (!request.hasReceived()) {
            return entry;
          }
          Received batch = request.getReceived();
          Position cursor = member.state().cursor(batch.getCluster());
          Position end = Position.of(batch.getUpTo());
          Position next =
              end.compareTo(cursor) > 0 ? end : new Position(cursor.index(), cursor.within() + 1);
          return with(
              entry,
              request.toBuilder()
                  .setReceived(batch.toBuilder().setAfter(cursor.message()).setUpTo(next.message()))
                  .build());
        }
      }),

  /** The cursor is not written with what it covers. */
  CURSOR_NOT_DURABLE(
      Promise.PREFIX,
      new WorldPlant() {
        @Override
        boolean keeps(Effect effect) {
          return !(effect instanceof Effect.CursorMoved);
        }

        @Override
        boolean compares() {
          return false;
        }
      }),

  /** That somebody was unfollowed is forgotten by a restart. */
  UNFOLLOW_NOT_DURABLE(
      Promise.AGREE,
      new WorldPlant() {
        @Override
        boolean keeps(Effect effect) {
          return !(effect instanceof Effect.UnfollowKept);
        }

        @Override
        boolean compares() {
          return false;
        }
      }),

  /** A row is lost on its way to the disk; only the checksum can tell at once. */
  ROW_LOST(
      Promise.EQUAL_STATES,
      new WorldPlant() {
        @Override
        boolean keeps(Effect effect) {
          return !(effect instanceof Effect.UnfollowKept);
        }
      }),

  /** A post that was brought back although it is here is taken for another one. */
  NOT_ONCE(
      Promise.ONCE,
      new WorldPlant() {
        @Override
        Entry applies(Entry entry, MemberState member) {
          Request request = MemberState.parse(entry.request());
          int last = request.getReceived().getItemsCount() - 1;
          if (last < 0 || !request.getReceived().getItems(last).hasPost()) {
            return entry;
          }
          var post = request.getReceived().getItems(last).getPost();
          List<Post> here = member.state().posts(post.getAuthor(), 0, 0, 1).orElse(List.of());
          if (here.isEmpty() || here.getFirst().getId() < post.getId()) {
            return entry;
          }
          Request.Builder other = request.toBuilder();
          other
              .getReceivedBuilder()
              .getItemsBuilder(last)
              .getPostBuilder()
              .setId(here.getFirst().getId() + 1);
          return with(entry, other.build());
        }
      }),

  /** Who stops in the middle of what an entry brings back goes on after that entry. */
  BRING_BACK_NOT_RESUMED(
      Promise.OWED,
      new WorldPlant() {
        @Override
        Position ends(Position upTo) {
          return upTo.within() > 0 ? new Position(upTo.index() + 1, 0) : upTo;
        }
      }),

  /** Deletions are sent only while somebody there follows the author. */
  DELETION_ONLY_WHILE_FOLLOWED(
      Promise.NOT_UNDONE,
      new WorldPlant() {
        @Override
        boolean sends(Item item, State sender, int receiver) {
          return !item.hasDeletion()
              || sender.followers(item.getDeletion().getAuthor(), "", 1_000).orElseThrow().stream()
                  .anyMatch(follower -> sender.home(follower).orElseThrow() == receiver);
        }
      }),

  /** Only those who are followed somewhere are known elsewhere. */
  NAMES_OF_FOLLOWED_ONLY(
      Promise.PREFIX,
      new WorldPlant() {
        @Override
        boolean sends(Item item, State sender, int receiver) {
          return !item.hasName()
              || !sender.followers(item.getName().getName(), "", 1).orElseThrow().isEmpty();
        }
      }),

  /** Unfollows do not cross. */
  UNFOLLOW_NOT_SENT(
      Promise.AGREE,
      new WorldPlant() {
        @Override
        boolean sends(Item item, State sender, int receiver) {
          return !item.hasUnfollow();
        }
      }),

  /** A stream that moves to the other member goes on with what is new there. */
  STREAM_FROM_NOW(
      Promise.STREAMED,
      new WorldPlant() {
        @Override
        long resumes(long cursor, State at) {
          return at.appliedIndex();
        }
      }),

  /** A stream that moves to the other member begins a little before, to be sure. */
  STREAM_FROM_BEFORE(
      Promise.STREAMED,
      new WorldPlant() {
        @Override
        long resumes(long cursor, State at) {
          return Math.max(0, cursor - 30);
        }
      }),

  /** A relay that was refused, or heard nothing, waits for its process to start anew. */
  NEVER_BEGINS_AGAIN(
      Promise.CATCHES_UP,
      new WorldPlant() {
        @Override
        boolean beginsAgain() {
          return false;
        }
      });

  private final Promise caughtBy;
  private final WorldPlant plant;

  WorldBug(Promise caughtBy, WorldPlant plant) {
    this.caughtBy = caughtBy;
    this.plant = plant;
  }

  Promise caughtBy() {
    return caughtBy;
  }

  WorldPlant plant() {
    return plant;
  }

  private static Entry with(Entry entry, Request request) {
    return new Entry(
        entry.index(),
        entry.epoch(),
        entry.requestId(),
        entry.timeMillis(),
        entry.id(),
        request.toByteArray());
  }
}
