package social.starling.server.member;

import social.starling.replication.Role;

/**
 * What this member can do for clients at the moment. Immutable.
 *
 * @param role OPEN serves; WAITING will in a moment
 * @param epoch the newest epoch that it knows
 * @param master name of the master in that epoch; empty when unknown
 * @param alone one copy only: the other member is not in sync
 */
public record Serving(Role role, long epoch, String master, boolean alone) {}
