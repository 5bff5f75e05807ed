package social.starling.client;

/**
 * The answer to a login.
 *
 * @param user the name as it was registered
 * @param created true when this login registered the user
 * @param cluster where the user lives
 */
public record Registration(String user, boolean created, String cluster) {}
