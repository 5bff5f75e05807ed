/**
 * The operator's process: turns {@code SnsCluster} objects into pods, volumes and services,
 * recreates what dies, and records clusters in the coordinators. See {@code plan.Planner} for what
 * it does, and docs/kubernetes.md for what people see of it.
 */
package social.starling.operator;
