/**
 * Where a cluster's master meets its synchronizer: what other clusters need of it goes out, what
 * they bring goes into the journal.
 *
 * <p>What a peer needs, and what a batch does when it is applied, is decided by {@code
 * social.starling.server.state}. Nothing here remembers how far a peer is: the receiver's journal
 * does, and says so at the beginning of each call.
 */
package social.starling.server.exchange;
