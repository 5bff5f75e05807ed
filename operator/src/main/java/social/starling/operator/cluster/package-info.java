/**
 * Carries plans out: observes through the Kubernetes API, does what the plan says, and wakes up
 * when something changed. Decides nothing about clusters; that is the planner's.
 */
package social.starling.operator.cluster;
