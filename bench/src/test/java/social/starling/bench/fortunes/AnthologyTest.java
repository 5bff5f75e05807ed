package social.starling.bench.fortunes;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.StringReader;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AnthologyTest {

  @TempDir private Path folder;

  @BeforeEach
  void makeFortunes() throws IOException {
    file("wisdom", "one\n%\ntwo\n%\n" + "x".repeat(5_001) + "\n%\n\n%\nthree\n%\n");
    file("wisdom.dat", "index");
    Files.createSymbolicLink(folder.resolve("wisdom.u8"), Path.of("wisdom"));
    file("de/sprüche-und_mehr", "Grüße\n%\n");
    file("de/a", "eins\n%\n");
    Files.createDirectories(folder.resolve("ru"));
    Files.write(
        folder.resolve("ru/M$"),
        "Слово \"два\"\n\tтри\u0008\n%\n".getBytes(Charset.forName("KOI8-R")));
    file("ru/M_", "Ещё\n%\n");
    file("es/off/rude", "no\n%\n");
  }

  @Test
  void shouldMakeAnAuthorOfEachFileFromTheLanguagesInTurn() throws IOException {
    Anthology anthology = Anthology.read(folder, 100, 100);

    assertThat(anthology.authors())
        .extracting(Anthology.Author::name)
        .containsExactly("de_spr_che_und_mehr", "en_wisdom", "ru_M_", "de_a", "ru_M__2");
    assertThat(anthology.languages()).isEqualTo(3);
    assertThat(anthology.converted()).isEqualTo(1);
  }

  @Test
  void shouldLeaveOutAndCountWhatNoPostCanBe() throws IOException {
    Anthology anthology = Anthology.read(folder, 100, 2);

    assertThat(anthology.authors().get(1).texts()).containsExactly("one", "two");
    assertThat(anthology.tooLong()).isEqualTo(1);
    assertThat(anthology.empty()).isEqualTo(1);
    assertThat(anthology.beyond()).isEqualTo(1);
  }

  @Test
  void shouldTakeNoMoreAuthorsThanAsked() throws IOException {
    assertThat(Anthology.read(folder, 2, 100).authors()).hasSize(2);
  }

  @Test
  void shouldMakeNamesThatAreNewIgnoringCaseAndShortEnough() {
    AuthorNames names = new AuthorNames();

    assertThat(names.of("de", "Witze.fortunes")).isEqualTo("de_Witze");
    assertThat(names.of("de", "witze")).isEqualTo("de_witze_2");
    assertThat(names.of("de", "x".repeat(40))).hasSize(30).startsWith("de_xxx");
    assertThat(names.of("de", "x".repeat(41))).hasSize(30).endsWith("_2");
  }

  @Test
  void shouldFindNoDifferenceInItsOwnLines() throws IOException {
    Anthology anthology = Anthology.read(folder, 100, 100);

    assertThat(Differences.between(anthology, written(anthology))).isEmpty();
  }

  @Test
  void shouldTellWhatIsMissingTwiceSwappedAlteredOrForeign() throws IOException {
    Anthology anthology = Anthology.read(folder, 100, 100);
    String wisdom = "en_wisdom";

    assertThat(changed(anthology, wisdom, texts -> texts.removeLast()))
        .containsExactly("en_wisdom: 2 posts, the source has 3");
    assertThat(changed(anthology, wisdom, texts -> texts.add(1, "one")))
        .hasSize(2)
        .first()
        .isEqualTo("en_wisdom: 4 posts, the source has 3");
    assertThat(changed(anthology, wisdom, texts -> texts.addLast(texts.removeFirst())))
        .singleElement()
        .asString()
        .startsWith("en_wisdom: post 1 differs");
    assertThat(changed(anthology, wisdom, texts -> texts.set(2, "three ")))
        .singleElement()
        .asString()
        .startsWith("en_wisdom: post 3 differs");
    Map<String, List<String>> foreign = written(anthology);
    foreign.put("mallory", List.of("hello"));
    assertThat(Differences.between(anthology, foreign))
        .containsExactly("mallory: is no author of the source");
  }

  private interface Change {
    void of(List<String> texts);
  }

  private static List<String> changed(Anthology anthology, String author, Change change)
      throws IOException {
    Map<String, List<String>> posts = written(anthology);
    List<String> texts = new ArrayList<>(posts.get(author));
    change.of(texts);
    posts.put(author, texts);
    return Differences.between(anthology, posts);
  }

  private static Map<String, List<String>> written(Anthology anthology) throws IOException {
    StringBuilder lines = new StringBuilder();
    PostLines.write(anthology, lines);
    return PostLines.read(new BufferedReader(new StringReader(lines.toString())));
  }

  private void file(String name, String content) throws IOException {
    Path file = folder.resolve(name);
    Files.createDirectories(file.getParent());
    Files.writeString(file, content);
  }
}
