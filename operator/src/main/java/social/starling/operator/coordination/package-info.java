/** The operator's calls to the coordinators, all of them, and the news that they push. */
package social.starling.operator.coordination;
