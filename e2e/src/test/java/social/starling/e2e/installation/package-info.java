/**
 * Starling on the cluster, seen and touched through Helm, the API server and the pods' own ports.
 */
package social.starling.e2e.installation;
