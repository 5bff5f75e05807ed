/** Clients at work, who write down every call and everything that a stream shows them. */
package social.starling.torture.load;
