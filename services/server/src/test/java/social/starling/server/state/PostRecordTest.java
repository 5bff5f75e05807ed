package social.starling.server.state;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PostRecordTest {

  private static final long TIME = Entries.START;

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static String record(long time, String text) {
    return new String(
        PostRecord.post(time, 250030015897407488L, "alice", utf8(text)), StandardCharsets.UTF_8);
  }

  @Test
  void aRecordIsWhatAPersonReads() {
    assertThat(record(TIME, "first line\nsecond line"))
        .isEqualTo(
            """
            T 2026-11-21T22:50:01.123Z
            I 250030015897407488
            U alice
            W first line
            W second line

            """);
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 1, 1_000, 60_000, 1_735_689_600_000L, 1_735_689_660_010L})
  void timesAlwaysHaveMilliseconds(long time) {
    String record = record(time, "x");
    assertThat(record.substring(0, 27))
        .matches("T \\d{4}(-\\d\\d){2}T\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z\n");
    assertThat(PostRecord.parse(utf8(record)).timeMillis()).isEqualTo(time);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "x",
        "\n",
        "\n\n",
        "x\n",
        "x\n\n",
        "\nx",
        "a\r\nb\r\n",
        "\r",
        "W not a line\n\nT 2026-11-21T22:50:01.123Z\nD 1\n\n",
        "a\u2028b\u2029c\u0085d",
        "\0\1\33[31mred\b\t\f",
        "späße 日本語 🐦\u202e"
      })
  void everyTextIsReadBackAsItWas(String text) {
    PostRecord.Content content = PostRecord.parse(PostRecord.post(TIME, 77, "Alice_1", utf8(text)));
    assertThat(content.text().toStringUtf8()).isEqualTo(text);
    assertThat(content.id()).isEqualTo(77);
    assertThat(content.author()).isEqualTo("Alice_1");
    assertThat(content.timeMillis()).isEqualTo(TIME);
  }

  @Test
  void randomTextsAreReadBackAsTheyWere() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    for (int i = 0; i < 2_000; i++) {
      StringBuilder text = new StringBuilder();
      int length = 1 + random.nextInt(40);
      for (int k = 0; k < length; k++) {
        text.append("\n\r W\0aTDÜ".charAt(random.nextInt(9)));
      }
      assertThat(
              PostRecord.parse(PostRecord.post(TIME, i, "a", utf8(text.toString())))
                  .text()
                  .toStringUtf8())
          .as("seed %d", seed)
          .isEqualTo(text.toString());
    }
  }

  @Test
  void noOtherLineIsEmptySoAnEmptyLineEndsARecord() {
    String record = record(TIME, "\n\n\n");
    assertThat(record.indexOf("\n\n")).isEqualTo(record.length() - 2);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "\n",
        "T 2026-11-21T22:50:01.123Z\nI 1\nU a\n\n",
        "T 2026-11-21T22:50:01.123Z\nI 1\nU a\nW x\n",
        "T 2026-11-21T22:50:01.123Z\nI 1\nU a\nW x\n\nW y\n\n",
        "T yesterday\nI 1\nU a\nW x\n\n",
        "T 2026-11-21T22:50:01.123Z\nI one\nU a\nW x\n\n",
        "D 1\n\n"
      })
  void whatIsNoRecordIsRefused(String bytes) {
    assertThatIllegalArgumentException().isThrownBy(() -> PostRecord.parse(utf8(bytes)));
  }

  @Test
  void aDeletionNamesThePost() {
    assertThat(new String(PostRecord.deletion(250030015897407488L), StandardCharsets.US_ASCII))
        .isEqualTo("D 250030015897407488\n\n");
  }
}
