package social.starling.bench.fortunes;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.Charset;
import org.junit.jupiter.api.Test;

class FortuneFileTest {

  @Test
  void shouldSplitAtLinesThatAreOnePercentSignAlone() {
    FortuneFile file = parse("one\ntwo lines\n%\n 100 % sure \n%\n%%\n%\n", "en");

    assertThat(file.texts()).containsExactly("one\ntwo lines", " 100 % sure ", "%%");
  }

  @Test
  void shouldKeepTabsBlankLinesAndCarriageReturns() {
    FortuneFile file = parse("\ta\n\n\tb  \n%\r\nc\r\n%\n", "en");

    assertThat(file.texts()).containsExactly("\ta\n\n\tb  ", "c\r");
  }

  @Test
  void shouldTakeALastTextWithoutAPercentSignAndWithoutANewline() {
    assertThat(parse("a\n%\nb", "en").texts()).containsExactly("a", "b");
    assertThat(parse("a\n%", "en").texts()).containsExactly("a");
  }

  @Test
  void shouldFindEmptyTexts() {
    assertThat(parse("%\n\n%\na\n%\n", "en").texts()).containsExactly("", "", "a");
    assertThat(parse("", "en").texts()).isEmpty();
  }

  @Test
  void shouldReadUtf8WhateverTheLanguage() {
    FortuneFile file = FortuneFile.parse("Żółw\n%\n".getBytes(UTF_8), "pl");

    assertThat(file.texts()).containsExactly("Żółw");
    assertThat(file.encoding()).isEqualTo(UTF_8);
  }

  @Test
  void shouldConvertWhatIsNotUtf8ByItsLanguage() {
    assertThat(encoded("Żółw\n%\n", "ISO-8859-2", "pl")).containsExactly("Żółw");
    assertThat(encoded("Съешь ещё\n%\n", "KOI8-R", "ru")).containsExactly("Съешь ещё");
    assertThat(encoded("България\n%\n", "windows-1251", "bg")).containsExactly("България");
    assertThat(encoded("Ĉiuĵaŭde\n%\n", "ISO-8859-3", "eo")).containsExactly("Ĉiuĵaŭde");
    assertThat(encoded("señor 10 €\n%\n", "ISO-8859-15", "es")).containsExactly("señor 10 €");
  }

  private static FortuneFile parse(String content, String language) {
    return FortuneFile.parse(content.getBytes(UTF_8), language);
  }

  private static java.util.List<String> encoded(String text, String charset, String language) {
    FortuneFile file = FortuneFile.parse(text.getBytes(Charset.forName(charset)), language);
    assertThat(file.encoding()).isEqualTo(Charset.forName(charset));
    return file.texts();
  }
}
