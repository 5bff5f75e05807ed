/**
 * What can be learnt of a running {@code starling up} from its data directory, its coordinator and
 * the system: processes, states, processor time. The one place that sends signals.
 */
package social.starling.bench.installation;
