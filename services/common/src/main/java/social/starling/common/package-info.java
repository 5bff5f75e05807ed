/**
 * What every process shares: options, logging, metrics, health, shutdown, gRPC servers and
 * channels, and the rules that the public protocol sets for names, texts, errors and identity.
 *
 * <p>Nothing here knows what a coordinator, a server or a router does.
 */
package social.starling.common;
