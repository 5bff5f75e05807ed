/**
 * The client library: what a user does, as blocking calls that outlive a failover.
 *
 * <p>{@link social.starling.client.StarlingClient} is the door. Behind it, each write gets an id
 * that names it for ever, so that every call may be repeated; {@code Calls} repeats them until the
 * deadline; a {@code Route} says at whom; {@link social.starling.client.ResumableStream} joins the
 * pieces of a live stream into one without gap or repeat, here and in the router.
 *
 * <p>Nothing of a terminal lives here: see {@link social.starling.client.cli}.
 */
package social.starling.client;
