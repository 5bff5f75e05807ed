/** A real text collection as authors and posts: reads, converts and compares; sends nothing. */
package social.starling.bench.fortunes;
