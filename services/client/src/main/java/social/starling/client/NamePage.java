package social.starling.client;

import java.util.List;

/**
 * A page of names, sorted ignoring case.
 *
 * @param next pass as {@code after} for the next page; empty when this was the last
 */
public record NamePage(List<String> names, String next) {

  public NamePage {
    names = List.copyOf(names);
  }
}
