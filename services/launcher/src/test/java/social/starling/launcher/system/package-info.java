/**
 * The whole system over real processes: writers and readers at work, faults, and at the end a
 * checker that compares what was acknowledged with what is stored and what was seen.
 */
package social.starling.launcher.system;
