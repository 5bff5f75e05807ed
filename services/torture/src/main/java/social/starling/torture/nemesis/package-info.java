/**
 * What strikes whom and when, made from a seed: each kind of fault knows how to choose its targets,
 * how to begin and how to be taken back, and stays within what is promised to be survived.
 */
package social.starling.torture.nemesis;
