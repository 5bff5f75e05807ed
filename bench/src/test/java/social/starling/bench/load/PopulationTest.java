package social.starling.bench.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import social.starling.proto.sns.v1.WriteId;

class PopulationTest {

  @Test
  void shouldChooseTheSameForTheSameSize() {
    Population one = new Population("bench_", 1_000, 50);
    Population other = new Population("bench_", 1_000, 50);

    for (int user = 0; user < 1_000; user++) {
      assertThat(one.followedBy(user)).isEqualTo(other.followedBy(user));
    }
  }

  @Test
  void shouldLetNobodyFollowItselfOrAnyoneTwice() {
    for (Population users :
        new Population[] {
          new Population("u", 1_000, 50), new Population("u", 60, 50), new Population("u", 2, 1)
        }) {
      for (int user = 0; user < users.size(); user++) {
        assertThat(users.followedBy(user))
            .doesNotHaveDuplicates()
            .doesNotContain(user)
            .allMatch(other -> other >= 0 && other < users.size());
      }
    }
  }

  @Test
  void shouldSayTheSameOfFollowersAndOfFollowed() {
    Population users = new Population("u", 500, 20);

    for (int user = 0; user < users.size(); user++) {
      for (int other : users.followedBy(user)) {
        assertThat(users.followersOf(other)).contains(user);
      }
    }
    assertThat(IntStream.range(0, 500).map(user -> users.followersOf(user).size()).sum())
        .isEqualTo(IntStream.range(0, 500).map(user -> users.followedBy(user).size()).sum());
  }

  @Test
  void shouldHaveTheAverageThatWasAskedFor() {
    for (int[] shape : new int[][] {{10_000, 50}, {1_000, 50}, {60, 50}, {2, 1}, {100, 0}}) {
      Population users = new Population("u", shape[0], shape[1]);

      long follows =
          IntStream.range(0, shape[0]).mapToLong(user -> users.followedBy(user).size()).sum();
      assertThat(follows).isCloseTo((long) shape[0] * shape[1], within(1L));
    }
  }

  /** On a power law the logarithms of "how many have more than k" and of k lie on a line. */
  @Test
  void shouldGiveFewUsersManyFollowersByAPowerLaw() {
    Population users = new Population("u", 10_000, 50);
    int[] followers =
        IntStream.range(0, 10_000).map(user -> users.followersOf(user).size()).sorted().toArray();

    assertThat(followers[9_999]).isBetween(900, 1_000);
    assertThat(followers[5_000]).as("the median is far below the average").isLessThan(35);
    double between30And60 = slope(followers, 30, 60);
    double between60And240 = slope(followers, 60, 240);
    assertThat(between30And60).isCloseTo(-Graph.EXPONENT, within(0.1));
    // Bends down towards the end, as it is cut off at a thousand.
    assertThat(between60And240).isBetween(-Graph.EXPONENT - 0.3, -Graph.EXPONENT);
  }

  @Test
  void shouldLetUsersFollowAboutAsManyAsTheAverage() {
    Population users = new Population("u", 10_000, 50);

    assertThat(IntStream.range(0, 10_000).map(user -> users.followedBy(user).size()))
        .allMatch(followed -> followed > 15 && followed < 100);
  }

  private static double slope(int[] followers, int from, int to) {
    return (Math.log(more(followers, to)) - Math.log(more(followers, from)))
        / (Math.log(to) - Math.log(from));
  }

  private static long more(int[] followers, int than) {
    return Arrays.stream(followers).filter(count -> count > than).count();
  }

  @Test
  void shouldRefuseMoreFollowsThanThereAreOthersAndNamesThatAreTooLong() {
    assertThatThrownBy(() -> new Population("u", 50, 50))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new Population("u".repeat(28), 1_000, 5))
        .hasMessageContaining("no user name");
  }

  @Test
  void shouldFillTextsToTheByte() {
    Texts texts = new Texts(200, 1);
    Set<String> different = new HashSet<>();

    for (int i = 0; i < 256; i++) {
      String text = texts.next();
      assertThat(text.getBytes(StandardCharsets.UTF_8)).hasSize(200);
      different.add(text);
    }
    assertThat(different).hasSizeGreaterThan(250);
  }

  @Test
  void shouldConfirmOnlyWhatWasAnswered() {
    Sessions sessions = new Sessions();

    Sessions.Session first = sessions.take();
    WriteId one = first.next();
    Sessions.Session beside = sessions.take();
    WriteId other = beside.next();
    sessions.release(first);
    WriteId two = sessions.take().next();

    assertThat(one.getSequence()).isEqualTo(1);
    assertThat(one.getConfirmed()).isZero();
    assertThat(other.getClient()).isNotEqualTo(one.getClient());
    assertThat(two.getClient()).isEqualTo(one.getClient());
    assertThat(two.getSequence()).isEqualTo(2);
    assertThat(two.getConfirmed()).isEqualTo(1);
  }
}
