package social.starling.common;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ClusterNameTest {

  @ParameterizedTest
  @ValueSource(strings = {"alpha", "a", "7", "eu-west-1", "a--b"})
  void shouldTakeWhatCanBePartOfAHostName(String name) {
    assertThat(ClusterName.isOne(name)).isTrue();
    assertThat(ClusterName.check("--cluster", name)).isEqualTo(name);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "Alpha", "-a", "a-", "a_b", "a b", "ä", "a\n"})
  void shouldRefuseOthers(String name) {
    assertThat(ClusterName.isOne(name)).isFalse();
    assertThatThrownBy(() -> ClusterName.check("--cluster", name))
        .isInstanceOf(StartException.class)
        .hasMessage(
            "--cluster '%s' is not 1 to 60 of a-z, 0-9 and -, without - at either end"
                .formatted(name));
  }

  @Test
  void shouldLeaveRoomForAMembersSerial() {
    assertThat(ClusterName.isOne("x".repeat(60))).isTrue();
    assertThat(ClusterName.isOne("x".repeat(61))).isFalse();
  }
}
