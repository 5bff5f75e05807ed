/**
 * What to do about a cluster: a pure function from everything that was observed to a list of
 * actions, a status and the time of the next look. It knows no client, no clock and no history but
 * the status that it wrote last; the same observation always gives the same plan, and a plan that
 * was carried out half way is continued by the next one.
 */
package social.starling.operator.plan;
