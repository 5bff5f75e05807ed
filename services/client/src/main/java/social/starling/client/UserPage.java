package social.starling.client;

import java.util.List;

/**
 * A page of users, sorted by name ignoring case.
 *
 * @param next pass as {@code after} for the next page; empty when this was the last
 */
public record UserPage(List<User> users, String next) {

  public UserPage {
    users = List.copyOf(users);
  }
}
