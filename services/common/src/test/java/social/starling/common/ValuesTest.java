package social.starling.common;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ValuesTest {

  @ParameterizedTest
  @CsvSource({"100ms,100", "1s,1000", "2m,120000", "1h,3600000", "0ms,0", "1500ms,1500"})
  void durationsAreReadAndWrittenAlike(String text, long millis) {
    assertThat(Durations.parse(text)).hasMillis(millis);
    assertThat(Durations.format(Duration.ofMillis(millis))).isEqualTo(text);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "5", "1 s", "-1s", "1.5s", "PT1S", "12345678901s"})
  void otherDurationsAreRefusedWithASentence(String text) {
    assertThatThrownBy(() -> Durations.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("write a whole number and a unit");
  }

  @Test
  void timesMustFitEachOther() {
    assertThat(Timing.DEFAULT).isEqualTo(timing(100, 1000, 300));
    assertThatThrownBy(() -> timing(100, 1000, 1000)).hasMessageContaining("lease must be shorter");
    assertThatThrownBy(() -> timing(100, 1000, 199)).hasMessageContaining("two heartbeats");
    assertThatThrownBy(() -> timing(100, 299, 200)).hasMessageContaining("three heartbeats");
    assertThatThrownBy(() -> timing(0, 1000, 300)).hasMessageContaining("1ms or more");
    assertThat(timing(50, 300, 150).lease()).hasMillis(150);
  }

  private static Timing timing(int heartbeat, int silence, int lease) {
    return new Timing(
        Duration.ofMillis(heartbeat), Duration.ofMillis(silence), Duration.ofMillis(lease));
  }

  @Test
  void addressesAreReadAndWrittenAlike() {
    assertThat(Addresses.parse("localhost:4600")).isEqualTo(new Address("localhost", 4600));
    assertThat(Addresses.parse("[::1]:1")).isEqualTo(new Address("::1", 1)).hasToString("[::1]:1");
    assertThat(Addresses.parseList("a:1, b:2"))
        .containsExactly(new Address("a", 1), new Address("b", 2));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "host",
        "host:",
        ":1",
        "host:0",
        "host:65536",
        "host:x",
        "::1:5",
        "http://host:1",
        "a b:1"
      })
  void otherAddressesAreRefusedWithASentence(String text) {
    assertThatThrownBy(() -> Addresses.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("'" + text + "' is no address: ")
        .hasMessageContaining("write host:port");
  }

  @Test
  void anAddressTwiceInAListIsRefused() {
    assertThatThrownBy(() -> Addresses.parseList("a:1,a:1")).hasMessageContaining("twice");
  }

  @Test
  void backoffDoublesUpToItsBoundWithJitter() {
    Backoff backoff = new Backoff(Duration.ofMillis(10), Duration.ofMillis(70), new Random(1));
    int[] full = {10, 20, 40, 70, 70, 70};
    for (int millis : full) {
      assertThat(backoff.next())
          .isBetween(Duration.ofMillis(millis).dividedBy(2), Duration.ofMillis(millis));
    }
    backoff.reset();
    assertThat(backoff.next()).isLessThanOrEqualTo(Duration.ofMillis(10));
  }

  @Test
  void slotsIgnoreCaseAndSpreadNamesEvenly() {
    assertThat(Slots.of("Alice")).isEqualTo(Slots.of("aLICE"));
    // printf alice | sha256sum begins with 2bd8: 0010 1011 1101 1000.
    assertThat(Slots.of("alice")).isEqualTo(0b0010101111);
    int[] counts = new int[Slots.COUNT];
    IntStream.range(0, 100 * Slots.COUNT).forEach(i -> counts[Slots.of("user" + i)]++);
    assertThat(IntStream.of(counts).boxed()).allMatch(count -> count > 50 && count < 160);
  }
}
