/**
 * What the Kubernetes objects of a cluster look like: pure functions of the custom resource and the
 * operator's settings. Nothing here reads, writes or decides.
 */
package social.starling.operator.model;
