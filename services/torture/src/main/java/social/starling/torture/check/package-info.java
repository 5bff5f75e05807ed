/**
 * From a history to the promises that were broken. Pure functions, linear in the length of the
 * history; each checker is a class that says its promise. What is not certain is no violation: a
 * write of unknown outcome may have happened or not, and whatever overlaps in time may have
 * happened in either order. What checkers take as given of the recording, beyond what the classes
 * of {@code history} say:
 *
 * <ul>
 *   <li>the installation was empty when the run began;
 *   <li>a session keeps one client of the library, which gives up a write for good when its outcome
 *       is unknown: a later write of the session that is acknowledged, within minutes, shuts out
 *       the earlier one for ever;
 *   <li>what is asked in the end is asked after all streams have shown what they will.
 * </ul>
 */
package social.starling.torture.check;
