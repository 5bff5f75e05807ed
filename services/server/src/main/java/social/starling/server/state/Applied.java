package social.starling.server.state;

import social.starling.proto.journal.v1.Answer;

/**
 * What came of an entry.
 *
 * @param answer for the client; of a repeat, the first answer
 * @param change for the store
 */
public record Applied(Answer answer, Change change) {}
