/**
 * What clients did and saw, what was done to the installation, and what was stored in the end; kept
 * as one JSON object a line, so that a run can be checked again. Depends on nothing else here.
 */
package social.starling.torture.history;
