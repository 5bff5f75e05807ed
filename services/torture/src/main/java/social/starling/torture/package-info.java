/**
 * {@code starling torture}: a whole installation of real, unchanged processes under load while
 * faults of every kind strike it, then the question which promises it broke.
 *
 * <ul>
 *   <li>{@code load}: clients that post, delete, follow, read and hold streams, and write down each
 *       call;
 *   <li>{@code fault}: what can be done to a process and its surroundings: signals, a network
 *       between any two parts, disks, clocks, power cuts;
 *   <li>{@code nemesis}: which fault strikes whom and when, from a seed;
 *   <li>{@code history}: what was written down;
 *   <li>{@code check}: pure functions from a history to the promises that were broken;
 *   <li>{@code report}: one page for a person.
 * </ul>
 *
 * <p>It knows no class of a service: it starts {@code starling up} and speaks the protocols.
 */
package social.starling.torture;
