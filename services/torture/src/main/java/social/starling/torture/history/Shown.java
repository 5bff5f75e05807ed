package social.starling.torture.history;

/**
 * A stream yielded a post.
 *
 * @param reader whose stream
 * @param stream number of the stream among those of the reader
 * @param id of the post
 * @param cursor that came with it
 */
public record Shown(String reader, int stream, long id, long cursor, long at) implements Event {}
