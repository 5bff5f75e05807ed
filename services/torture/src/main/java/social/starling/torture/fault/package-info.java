/**
 * What can be done to processes from outside, without their knowledge.
 *
 * <ul>
 *   <li>{@link social.starling.torture.fault.Network}: connections between any two parts cut, in
 *       one direction or both, delayed, or broken;
 *   <li>{@link social.starling.torture.fault.Shim}: disks that are slow, hang, fail or are full;
 *       clocks that are wrong;
 *   <li>{@link social.starling.torture.fault.PowerCut}: what was not synced is lost.
 * </ul>
 *
 * <p>A <em>part</em> is a process of the installation, by the name that it has there, or whoever
 * else speaks with them, such as {@code clients}.
 */
package social.starling.torture.fault;
