package social.starling.server.member;

import social.starling.common.Address;

/**
 * Where this process listens, as others are told.
 *
 * @param publicAddress for users
 * @param internalAddress for other processes
 * @param httpAddress for metrics and probes
 */
public record Listening(Address publicAddress, Address internalAddress, Address httpAddress) {}
