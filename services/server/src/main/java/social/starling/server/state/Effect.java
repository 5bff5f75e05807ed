package social.starling.server.state;

/**
 * One row, or one record of a post file, that a {@link Change} writes. Arrays are never changed.
 */
public sealed interface Effect {

  /**
   * @param user number of the user: 0, 1, 2, …, in the order of registration
   * @param name as given first
   * @param home number of the cluster where it lives, or {@link State#LOCAL}
   * @param index of the entry that registered it, or brought it
   */
  record UserAdded(int user, String name, int home, long index) implements Effect {}

  /**
   * @param since index of the entry: posts with a higher one count
   * @param position of an author of another cluster: up to where that cluster's journal was here
   */
  record FollowAdded(int follower, int author, long since, long position) implements Effect {}

  record FollowRemoved(int follower, int author) implements Effect {}

  /**
   * An author of another cluster is no longer followed; that cluster must hear of it.
   *
   * @param index of the entry
   */
  record UnfollowKept(int follower, int author, long index) implements Effect {}

  /** The author is followed again. */
  record UnfollowForgotten(int follower, int author) implements Effect {}

  /**
   * A row of {@link Want}, new or changed.
   *
   * @param author number of the author
   */
  record WantChanged(int author, int cluster, long since, long position) implements Effect {}

  /** This cluster has what it needs of another one, up to here. */
  record CursorMoved(int cluster, Position cursor) implements Effect {}

  /**
   * @param version of the coordinator's table
   * @param bits of the slots in which names are taken: bit (slot % 8) of byte (slot / 8)
   */
  record SlotsOwned(long version, byte[] bits) implements Effect {}

  /**
   * @param number of the post in this state: 0, 1, 2, …, in the order of application
   * @param user number of the author
   * @param place of the record
   * @param record its bytes
   */
  record PostAdded(int number, int user, PostPlace place, byte[] record) implements Effect {}

  /**
   * @param number of the post that is deleted
   * @param index of the entry that deletes it
   * @param author name of the author, lower-cased: the file
   * @param offset where the record of the deletion stands in the author's file
   * @param record its bytes
   */
  record PostDeleted(int number, long index, String author, long offset, byte[] record)
      implements Effect {}

  /**
   * A client wrote: its row as it is now. Answers up to {@code floor} are dropped.
   *
   * @param number index of the first entry of this client
   * @param client its id
   * @param floor sequences up to here are answered "session expired"
   * @param lastTime time of its last entry, in milliseconds since 1970-01-01Z
   * @param lastIndex index of its last entry
   */
  record ClientWrote(long number, String client, long floor, long lastTime, long lastIndex)
      implements Effect {}

  /**
   * @param client number of the client
   * @param sequence of the request
   * @param hash of the request
   * @param answer a serialized {@link social.starling.proto.journal.v1.Answer}
   */
  record AnswerRecorded(long client, long sequence, long hash, byte[] answer) implements Effect {}

  /** The client and its answers are forgotten; the horizon covers it. */
  record ClientDropped(long number) implements Effect {}
}
