/**
 * A member's state in this process: entries as a master would number them, applied without disk or
 * network. What the tables in memory cost by themselves.
 */
package social.starling.bench.state;
