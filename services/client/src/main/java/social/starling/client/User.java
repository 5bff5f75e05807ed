package social.starling.client;

/**
 * A user as LIST shows it.
 *
 * @param active true while the user has a live session
 */
public record User(String name, boolean active) {}
