/**
 * What a member knows: users, follows, posts, recorded answers. The fold of the committed journal,
 * in memory.
 *
 * <p>{@link social.starling.server.state.State#apply} is the one deterministic function from an
 * entry and the state to an answer and a {@link social.starling.server.state.Change}; both members
 * of a cluster compute the same. Nothing here opens a file, reads a clock, draws a random number or
 * knows of gRPC.
 */
package social.starling.server.state;
