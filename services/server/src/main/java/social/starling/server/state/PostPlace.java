package social.starling.server.state;

/**
 * Where a post's record stands.
 *
 * @param author name of the author, lower-cased: the file
 * @param id of the post
 * @param index of the journal entry that made it
 * @param offset in the file, in bytes
 * @param length of the record, in bytes
 * @param crc CRC-32C of the record
 */
public record PostPlace(String author, long id, long index, long offset, int length, int crc) {}
