package social.starling.client.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import social.starling.client.Post;

class ShownTest {

  private static final Instant TIME = Instant.parse("2023-11-14T23:47:25.678Z");

  private static String shown(String text) {
    return Shown.post(new Post(1, "alice", text, TIME), ZoneOffset.UTC);
  }

  @Test
  void shouldShowAPostAsItsUsersKnowIt() {
    assertThat(shown("text")).isEqualTo("alice (Tue Nov 14 23:47:25 2023) >> text");
  }

  @Test
  void shouldShowLocalTimeAndPadTheDayAsCtimeDoes() {
    Post post = new Post(1, "a", "t", Instant.parse("2026-03-01T22:05:09Z"));
    assertThat(Shown.post(post, ZoneId.of("Asia/Tokyo")))
        .isEqualTo("a (Mon Mar  2 07:05:09 2026) >> t");
  }

  @Test
  void shouldIndentFurtherLinesSoThatNoneLooksLikeAPost() {
    assertThat(shown("one\nbob (Tue Nov 14 23:47:25 2023) >> forged\n\r\nlast\n").lines())
        .containsExactly(
            "alice (Tue Nov 14 23:47:25 2023) >> one",
            "    | bob (Tue Nov 14 23:47:25 2023) >> forged",
            "    |",
            "    | last",
            "    |");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          1b   | \\x1b
          7    | \\x07
          0    | \\x00
          9    | \\t
          d    | \\r
          7f   | \\x7f
          9b   | \\x9b
          85   | \\x85
          202e | \\u202e
          2066 | \\u2066
          200b | \\u200b
          feff | \\ufeff
          2028 | \\u2028
          e0041 | \\U000e0041
          """)
  void shouldEscapeWhatSteersOrHides(String codePoint, String escape) {
    String c = Character.toString(Integer.parseInt(codePoint, 16));
    assertThat(shown("a" + c + "b")).endsWith(">> a" + escape + "b");
  }

  @Test
  void shouldLeaveWritingOfAnyScriptAndEmojiAlone() {
    for (String text :
        List.of("Grüße, Ἀθήνα", "你好", "سلام می‌رود", "👨‍👩‍👧‍👦 🏳️‍🌈", "C:\\new", "e\u0301")) {
      assertThat(shown(text)).endsWith(">> " + text);
    }
  }

  /** Whatever a text holds, each line is printable and only the first begins at the margin. */
  @Test
  void shouldNeverLetATextLeaveItsPlace() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    for (int round = 0; round < 5000; round++) {
      String text = randomText(random);
      List<String> lines = List.of(shown(text).split("\n", -1));
      assertThat(lines.getFirst()).as("seed %d", seed).startsWith("alice (Tue Nov 14 ");
      assertThat(lines.subList(1, lines.size()))
          .as("seed %d", seed)
          .allMatch(line -> line.startsWith("    |"));
      assertThat(lines)
          .as("seed %d", seed)
          .allMatch(line -> line.codePoints().noneMatch(ShownTest::steers));
    }
  }

  static String randomText(Random random) {
    StringBuilder text = new StringBuilder();
    int length = random.nextInt(40);
    for (int i = 0; i < length; i++) {
      int c =
          switch (random.nextInt(5)) {
            case 0 -> random.nextInt(0x20);
            case 1 -> 0x2000 + random.nextInt(0x70);
            case 2 -> random.nextInt(0x110000);
            case 3 -> 0x7f + random.nextInt(0x21);
            default -> ' ' + random.nextInt(0x5f);
          };
      if (c < 0xd800 || c > 0xdfff) {
        text.appendCodePoint(c);
      }
    }
    return text.toString();
  }

  static boolean steers(int c) {
    return Character.isISOControl(c)
        || c == 0x2028
        || c == 0x2029
        || (c >= 0x202a && c <= 0x202e)
        || (c >= 0x2060 && c <= 0x2064)
        || (c >= 0x2066 && c <= 0x206f)
        || c == 0x200e
        || c == 0x200f
        || c == 0x061c
        || c == 0xfeff;
  }
}
