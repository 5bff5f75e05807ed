package social.starling.server.state;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class FollowsTest {

  private static final int USERS = 50;

  private record Row(int follower, int author, long since, long position) {}

  @Test
  void shouldComeToTheSameInWhateverOrderTheFollowsCome() {
    List<Row> rows = rows();
    Users inOrder = loaded(rows);
    for (int seed = 0; seed < 20; seed++) {
      List<Row> shuffled = new ArrayList<>(rows);
      Collections.shuffle(shuffled, new Random(seed));

      Users users = loaded(shuffled);

      for (int i = 0; i < USERS; i++) {
        Following following = users.get(i).following;
        Following expected = inOrder.get(i).following;
        assertThat(following.authors()).isEqualTo(expected.authors());
        assertThat(following.since()).isEqualTo(expected.since());
        assertThat(following.positions()).isEqualTo(expected.positions());
        assertThat(following.changedAt()).isEqualTo(expected.changedAt());
        assertThat(users.get(i).followers).isEqualTo(inOrder.get(i).followers);
      }
    }
  }

  @Test
  void shouldOrderBothSidesByName() {
    Users users = users("c", "B", "a", "D");
    Follows follows = new Follows(users);
    follows.add(0, 3, 7, 0);
    follows.add(0, 1, 9, 0);
    follows.add(0, 2, 8, 5);
    follows.add(2, 1, 6, 0);

    follows.finish();

    Following following = users.get(0).following;
    assertThat(following.authors()).containsExactly(2, 1, 3);
    assertThat(following.since()).containsExactly(8, 9, 7);
    assertThat(following.positions()).containsExactly(5, 0, 0);
    assertThat(following.changedAt()).isEqualTo(9);
    assertThat(users.get(1).followers).containsExactly(2, 0);
    assertThat(users.get(3).followers).containsExactly(0);
    assertThat(users.get(2).following.positions()).isEmpty();
  }

  @Test
  void shouldLeaveThoseAloneWhomNobodyFollows() {
    Users users = users("a", "b");

    new Follows(users).finish();

    assertThat(users.get(0).followers).isEmpty();
    assertThat(users.get(0).following).isSameAs(Following.NOBODY);
  }

  /** By follower and author, as a volume has them. */
  private static List<Row> rows() {
    Random random = new Random(1);
    List<Row> rows = new ArrayList<>();
    for (int follower = 0; follower < USERS; follower++) {
      for (int author = 0; author < USERS; author++) {
        if (author != follower && random.nextInt(4) == 0) {
          rows.add(new Row(follower, author, 1 + random.nextInt(1_000_000), random.nextInt(2)));
        }
      }
    }
    return rows;
  }

  private static Users loaded(List<Row> rows) {
    String[] names = new String[USERS];
    for (int i = 0; i < USERS; i++) {
      names[i] = "user_" + i * 37 % USERS;
    }
    Users users = users(names);
    Follows follows = new Follows(users);
    rows.forEach(row -> follows.add(row.follower(), row.author(), row.since(), row.position()));
    follows.finish();
    return users;
  }

  private static Users users(String... names) {
    Users users = new Users();
    for (String name : names) {
      users.add(name, State.LOCAL, 1);
    }
    return users;
  }
}
