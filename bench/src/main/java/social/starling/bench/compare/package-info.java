/**
 * The same work for Starling and for what a user would pick instead, one after the other on the
 * same machine, and the tables and plots of that.
 */
package social.starling.bench.compare;
