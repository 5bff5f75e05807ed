/**
 * The replication rules of one cluster of two members, and nothing else: events in, effects out.
 *
 * <p>Nothing here reads a clock, draws a random number, opens a file or a socket, or starts a
 * thread. The server gives it a transport and a store; the simulator (under {@code src/test}) gives
 * it others. The only dependency is the JDK.
 */
package social.starling.replication;
