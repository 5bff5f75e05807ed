/** How long processes take to be ready, and what they occupy. */
package social.starling.bench.startup;
