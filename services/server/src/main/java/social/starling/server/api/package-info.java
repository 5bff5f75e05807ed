/**
 * What users ask of a server, over gRPC: checks the request, hands writes to the member, answers
 * reads from the state under the member's read permit, keeps live streams.
 */
package social.starling.server.api;
