/**
 * How long a post takes to another cluster's screens, and how fast one that was away catches up.
 */
package social.starling.bench.crossing;
