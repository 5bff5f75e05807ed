/**
 * Redis as a user would set it up to lose little: a master, a replica that has each write before it
 * is answered, and three sentinels. Each post is put into the list of each follower when it is
 * written.
 */
package social.starling.bench.redis;
