/**
 * PostgreSQL as a user would set it up to lose nothing: a primary, and a standby that has each
 * commit on its disk before it is answered. Timelines are read by a query.
 */
package social.starling.bench.postgres;
