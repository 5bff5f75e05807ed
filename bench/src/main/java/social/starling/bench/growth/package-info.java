/**
 * How cost grows: of a timeline with the followed, of a post with the followers, of memory, volume
 * and restart with users and posts. Measured on real processes, and on the tables in memory alone
 * where that gives a finer curve. Each part writes a file of curves; the report draws them.
 *
 * <p>Costs are processor time, which other programs on the machine disturb less than the clock.
 */
package social.starling.bench.growth;
