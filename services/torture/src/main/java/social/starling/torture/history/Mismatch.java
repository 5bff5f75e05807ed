package social.starling.torture.history;

/**
 * A post was read with an author or a text other than those that it was first seen with.
 *
 * @param where what was read, by whom
 */
public record Mismatch(long id, String expected, String found, String where, long at)
    implements Event {}
