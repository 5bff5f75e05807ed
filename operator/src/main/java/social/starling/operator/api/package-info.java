/**
 * The custom resource {@code SnsCluster}: what a person writes and reads. The definition under
 * {@code k8s/} is generated from these types; a test sees when it is not. No behaviour lives here
 * but defaults.
 */
package social.starling.operator.api;
