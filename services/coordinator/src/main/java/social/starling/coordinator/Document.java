package social.starling.coordinator;

/**
 * A small versioned document, as the {@link Store} keeps it. The content is not to be changed by
 * anybody who holds it.
 *
 * @param key names the document for ever
 * @param version 1 when it was written first, one more with each change
 * @param content what it says; empty when what it was about is gone
 */
record Document(String key, long version, byte[] content) {}
