/**
 * The replication rules alone: two members in one thread, with memory for disks and a queue for a
 * network. What they cost without either.
 */
package social.starling.bench.core;
