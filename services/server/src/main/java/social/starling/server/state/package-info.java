/**
 * What a member knows: users, follows, posts, recorded answers, slots, and how far it has the
 * changes of other clusters. The fold of the committed journal, in memory.
 *
 * <p>{@link social.starling.server.state.State#apply} is the one deterministic function from an
 * entry and the state to an answer and a {@link social.starling.server.state.Change}; both members
 * of a cluster compute the same. Nothing here opens a file, reads a clock, draws a random number or
 * knows of gRPC.
 *
 * <p>What another cluster needs is read from here too ({@link
 * social.starling.server.state.State#outgoing}): rows carry the index of the entry that made them,
 * so there is no age at which a peer has to be served in another way. What other clusters send is
 * journaled, and applied like anything else.
 */
package social.starling.server.state;
