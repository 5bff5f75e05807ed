/** A {@code starling up} of the run's own: its processes, what they say, and signals to them. */
package social.starling.torture.installation;
