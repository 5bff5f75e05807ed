/**
 * The address that clients need: finds the user's cluster, forwards each call to its master, tries
 * again across a failover, and resumes streams.
 *
 * <p>A router keeps nothing: any number of them serve at once, and one that restarts has learned
 * all again as soon as it has heard one coordinator. It decides nothing either: who is master is
 * the coordinators' word and the members' own answers.
 *
 * <p>The way of a call: {@link social.starling.router.SnsForward} takes it, {@link
 * social.starling.router.Pursuit} finds a member that serves it, with {@link
 * social.starling.router.Routes} (the map) and {@link social.starling.router.Upstreams} (the
 * connections); a stream is kept by {@link social.starling.router.TimelineRelay}.
 */
package social.starling.router;
