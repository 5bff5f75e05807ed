/**
 * Drives the replication rules of one member: gives them the volume as their store, gRPC links as
 * their transport, the coordinators, and the clock.
 *
 * <p>Nothing here decides who is master, what is committed or what may be read: that is {@code
 * social.starling.replication}. Nothing here knows what users ask: that is {@code
 * social.starling.server.api} and {@code social.starling.server.state}.
 */
package social.starling.server.member;
