/**
 * What the systems that are measured beside Starling have in common: their programs are found and
 * started as children of this process, in a folder of its own, and ended by their process ids.
 */
package social.starling.bench.peer;
