package social.starling.bench.crossing;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ArrivalsTest {

  private final Arrivals arrivals = new Arrivals();

  private void posted(String author, int number, long intended, long acknowledged) {
    arrivals.sending(author, number, intended);
    arrivals.acknowledged(author, number, acknowledged);
  }

  @Test
  void countsFromWhenAPostWasToBeSentAndFromItsAcknowledgement() {
    posted("a", 1, 1_000_000, 3_000_000);
    arrivals.arrived("a", 1, 11_000_000);

    assertThat(arrivals.complete()).isTrue();
    assertThat(arrivals.complaints()).isEmpty();
    assertThat(arrivals.latencies(0, false).getMaxValue() / 1_000_000).isEqualTo(10);
    assertThat(arrivals.latencies(0, true).getMaxValue() / 1_000_000).isEqualTo(8);
    assertThat(arrivals.latencies(2_000_000, false).getTotalCount()).isZero();
  }

  @Test
  void aStreamMayBeFasterThanTheAnswer() {
    posted("a", 1, 1_000_000, 9_000_000);
    arrivals.arrived("a", 1, 5_000_000);

    assertThat(arrivals.latencies(0, true).getMaxValue()).isLessThan(1_000);
  }

  @Test
  void tellsOfPostsThatAreMissingTwiceOrOutOfOrder() {
    posted("a", 1, 0, 1);
    posted("a", 2, 0, 1);
    posted("b", 3, 0, 1);
    arrivals.arrived("a", 2, 5);
    arrivals.arrived("a", 2, 6);
    arrivals.arrived("a", 1, 7);

    assertThat(arrivals.complete()).isFalse();
    assertThat(arrivals.complaints())
        .containsExactly(
            "a's post 2 arrived twice",
            "a's post 1 arrived after 2",
            "1 acknowledged posts have not arrived");
  }

  @Test
  void aPostThatWasNotAcknowledgedNeedNotArrive() {
    arrivals.sending("a", 1, 0);

    assertThat(arrivals.complete()).isTrue();
    assertThat(arrivals.complaints()).isEmpty();
  }
}
