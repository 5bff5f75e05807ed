/**
 * The second level of the simulator: several clusters, each a simulated pair whose members apply
 * what is committed to real state, their synchronizers and their users, in virtual time. Everything
 * follows from a seed. Nothing here opens a file, a socket or a thread.
 */
package social.starling.server.world;
