package social.starling.server.world;

/** What must be true of many clusters, whatever happened. */
enum Promise {
  PREFIX(
      "what a cluster has of a peer is a prefix of what the peer committed for it: its names, posts"
          + " as they were made, and a cursor that only goes forward"),
  ONCE("each post of an author arrives once, in the author's order"),
  ONLY_NEEDED("no post arrives from before the first follow of its author"),
  OWED("a follower has every post made after the follow was committed, in its timeline"),
  STREAMED("a live stream shows those posts once, in the author's order, through failovers"),
  AGREE("follows are the same at the follower's and at the author's cluster once it has heard"),
  NOT_UNDONE("what was deleted or unfollowed stays so, wherever that has been heard"),
  EQUAL_STATES("members of a cluster have the same state after the same entry, read or applied"),
  CATCHES_UP("without faults, every cluster comes to have what it needs of every other");

  private final String sentence;

  Promise(String sentence) {
    this.sentence = sentence;
  }

  String sentence() {
    return sentence;
  }
}
