/**
 * Cases on a real cluster of Kubernetes. All share one installation, which {@code Ground} makes;
 * the order of the classes is that in which it can bear them. Each case leaves it whole, or undoes
 * what it did.
 */
package social.starling.e2e;
