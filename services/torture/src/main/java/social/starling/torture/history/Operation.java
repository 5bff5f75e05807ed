package social.starling.torture.history;

import java.util.List;

/** What a call asked, with the answer of one whose outcome is OK. */
public sealed interface Operation {

  /** Whether it changes something. */
  default boolean isWrite() {
    return switch (this) {
      case Register _, Post _, Delete _, Follow _, Unfollow _ -> true;
      case Posts _, Timeline _, Following _, Followers _ -> false;
    };
  }

  /** The first login. */
  record Register() implements Operation {}

  /**
   * A post.
   *
   * @param text unique in the run
   * @param id the answer; 0 without one
   */
  record Post(String text, long id) implements Operation {}

  /** The deletion of a post of one's own. */
  record Delete(long id) implements Operation {}

  record Follow(String name) implements Operation {}

  record Unfollow(String name) implements Operation {}

  /**
   * One author's posts, newest first.
   *
   * @param maxId only those with an id below this; 0: no bound
   * @param limit at most so many
   * @param ids the answer
   */
  record Posts(String author, long maxId, int limit, List<Long> ids) implements Operation {}

  /**
   * The user's timeline, newest first.
   *
   * @param cursor the index of the change up to which the answer is complete; 0 without one
   * @param ids the answer
   */
  record Timeline(long maxId, int limit, List<Long> ids, long cursor) implements Operation {}

  /** All whom the user follows. */
  record Following(List<String> names) implements Operation {}

  /** All who follow the user. */
  record Followers(List<String> names) implements Operation {}
}
