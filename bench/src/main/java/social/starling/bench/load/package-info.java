/**
 * Load: many simulated users on one event loop, closed or open, and what it took to answer them.
 * Uses the protocols directly, with the client library's rules for repeating a call, because the
 * generator shares the processors with what it measures.
 */
package social.starling.bench.load;
