package social.starling.bench.load;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/** Texts to post: words of several scripts, near a given length in bytes, the same for a seed. */
public final class Texts {

  private static final int COUNT = 256;
  private static final String[] WORDS = {
    "starling",
    "murmuration",
    "on",
    "the",
    "roof",
    "at",
    "dusk",
    "Schwärme",
    "über",
    "den",
    "Dächern",
    "estornino",
    "el",
    "año",
    "скворец",
    "на",
    "крыше",
    "椋鳥",
    "一",
    "群",
    "and",
    "so",
    "we",
    "wait",
    "for",
    "rain",
    "étourneau",
    "là-haut",
    "ψαρόνι",
    "tonight",
    "🐦",
    "again"
  };

  private final List<String> texts;
  private int next;

  public Texts(int bytes, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    texts = new ArrayList<>(COUNT);
    for (int i = 0; i < COUNT; i++) {
      texts.add(text(bytes, random));
    }
  }

  /** The next text; they repeat after {@value #COUNT}. */
  public String next() {
    next = (next + 1) % COUNT;
    return texts.get(next);
  }

  private static String text(int bytes, SplittableRandom random) {
    StringBuilder text = new StringBuilder();
    int length = 0;
    while (true) {
      String word = WORDS[random.nextInt(WORDS.length)];
      int more = word.getBytes(StandardCharsets.UTF_8).length + (text.isEmpty() ? 0 : 1);
      if (length + more > bytes) {
        // Fills up exactly, so that the volume of a run is known.
        text.repeat('.', bytes - length);
        return text.toString();
      }
      if (!text.isEmpty()) {
        text.append(' ');
      }
      text.append(word);
      length += more;
    }
  }
}
