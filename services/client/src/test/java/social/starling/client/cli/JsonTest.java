package social.starling.client.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class JsonTest {

  @Test
  void shouldWriteEveryKindOfValue() {
    String json =
        new Json()
            .put("text", "a \"b\" \\ \n\t\r ü")
            .put("number", -5)
            .put("yes", true)
            .strings("list", List.of("a", "b"))
            .strings("none", List.of())
            .objects("objects", List.of(new Json().put("k", 1), new Json()))
            .toString();
    assertThat(json)
        .isEqualTo(
            "{\"text\":\"a \\\"b\\\" \\\\ \\n\\t\\r ü\",\"number\":-5,\"yes\":true,"
                + "\"list\":[\"a\",\"b\"],\"none\":[],\"objects\":[{\"k\":1},{}]}");
  }

  /** Any text comes back as it was, from one line that steers no terminal. */
  @Test
  void shouldBeReadBackAsItWas() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    for (int round = 0; round < 5000; round++) {
      String text = ShownTest.randomText(random);
      String json = new Json().put(text, text).toString();
      assertThat(json.codePoints()).as("seed %d", seed).noneMatch(ShownTest::steers);
      JsonObject read = JsonParser.parseString(json).getAsJsonObject();
      assertThat(read.get(text).getAsString()).as("seed %d", seed).isEqualTo(text);
    }
  }
}
