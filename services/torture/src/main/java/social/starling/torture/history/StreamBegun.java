package social.starling.torture.history;

/**
 * A live stream is open: everything before was shown. A reader has one stream at a time; a later
 * one goes on where the one before ended, by its cursor.
 *
 * @param reader who reads; whom a reader follows changes only by calls of the session named after
 * @param stream number of the stream among those of the reader, from 1
 * @param cursor where it goes on; 0 for the first
 * @param at when it was open
 */
public record StreamBegun(String reader, int stream, long cursor, long at) implements Event {}
