/**
 * The machine under an installation: programs, the cluster of kind, its nodes and their processes.
 */
package social.starling.e2e.machine;
