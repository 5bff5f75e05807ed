package social.starling.bench.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.Set;
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
            .hasSize(users.following())
            .doesNotHaveDuplicates()
            .doesNotContain(user)
            .allMatch(other -> other >= 0 && other < users.size());
      }
    }
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
