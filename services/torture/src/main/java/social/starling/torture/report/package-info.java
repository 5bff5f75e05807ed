/**
 * What a run came to, for a person: figures computed from its history, one page of HTML with
 * pictures, a summary for a terminal, a record for programs. Pure but for the file that is written.
 */
package social.starling.torture.report;
