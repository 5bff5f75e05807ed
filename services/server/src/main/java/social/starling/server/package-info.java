/** The server process: one member of a cluster, its ports and its life. */
package social.starling.server;
