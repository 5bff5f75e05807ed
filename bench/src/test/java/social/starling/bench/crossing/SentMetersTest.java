package social.starling.bench.crossing;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;

class SentMetersTest {

  @Test
  void readsWhatIsSentToOnePeer() {
    String metrics =
        """
        # HELP starling_sync_sent_items_total Changes passed on to the peer.
        starling_sync_sent_items_total{cluster="alpha",peer="beta",process="synchronizer"} 12
        starling_sync_sent_items_total{cluster="alpha",peer="gamma",process="synchronizer"} 99
        starling_sync_sent_bytes_total{cluster="alpha",peer="beta",process="synchronizer"} 3.4E3
        """;

    assertThat(SentMeters.parse(metrics, "beta")).isEqualTo(Map.of("items", 12.0, "bytes", 3400.0));
  }
}
