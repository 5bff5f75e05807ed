package social.starling.bench.core;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class MemoryPairTest {

  @Test
  void shouldCommitOnBothMembersWhatIsSubmitted() {
    MemoryPair pair = new MemoryPair(64, 250);
    pair.open();

    // Beyond what is kept in memory, so that the journals are trimmed on the way.
    while (pair.committed() < 900_000) {
      pair.round();
    }

    assertThat(pair.committedBySlave()).isBetween(pair.committed() - 128, pair.committed());
  }

  @Test
  void shouldCommitOneAtATimeToo() {
    MemoryPair pair = new MemoryPair(1, 250);
    pair.open();

    for (int i = 0; i < 100; i++) {
      pair.round();
    }

    assertThat(pair.committed()).isBetween(20L, 100L);
  }
}
