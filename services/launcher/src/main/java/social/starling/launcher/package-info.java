/**
 * {@code starling up}, {@code down} and {@code status}: every process of Starling on one machine.
 *
 * <p>The launcher stands where an operator stands on a larger installation: it starts processes,
 * watches them, reports the deaths that it saw to the coordinator and starts what died again. It is
 * on no path of a read or a write: killed, it leaves everything running, and the next one adopts
 * what it finds.
 *
 * <p>Nothing here knows the classes of another service; it knows their command lines and protocols.
 */
package social.starling.launcher;
