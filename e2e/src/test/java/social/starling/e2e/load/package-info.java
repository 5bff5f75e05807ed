/** Clients at work while things are done to the installation, and what they saw, checked. */
package social.starling.e2e.load;
