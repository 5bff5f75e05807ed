package social.starling.bench.fortunes;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * One file of fortunes: texts, each followed by a line that is {@code %} alone (see strfile(1)).
 *
 * @param encoding in which it was written
 * @param texts in order, without the newline before the {@code %}; may be empty ones
 */
record FortuneFile(Charset encoding, List<String> texts) {

  // What older packages used, by the folder that is named after the language.
  private static final Map<String, String> OLDER =
      Map.ofEntries(
          Map.entry("pl", "ISO-8859-2"),
          Map.entry("cs", "ISO-8859-2"),
          Map.entry("cz", "ISO-8859-2"),
          Map.entry("sk", "ISO-8859-2"),
          Map.entry("hu", "ISO-8859-2"),
          Map.entry("eo", "ISO-8859-3"),
          Map.entry("tr", "ISO-8859-9"),
          Map.entry("ru", "KOI8-R"),
          Map.entry("bg", "windows-1251"),
          Map.entry("ja", "EUC-JP"),
          Map.entry("zh_CN", "GB18030"),
          Map.entry("zh_TW", "Big5"));

  FortuneFile {
    texts = List.copyOf(texts);
  }

  /**
   * Reads a file.
   *
   * @param language name of its folder; decides the encoding of what is not UTF-8
   */
  static FortuneFile read(Path file, String language) throws IOException {
    return parse(Files.readAllBytes(file), language);
  }

  static FortuneFile parse(byte[] bytes, String language) {
    Charset older = Charset.forName(OLDER.getOrDefault(language, "ISO-8859-15"));
    for (Charset charset : List.of(StandardCharsets.UTF_8, older)) {
      try {
        return new FortuneFile(charset, split(decode(bytes, charset)));
      } catch (CharacterCodingException e) {
        // The next one then.
      }
    }
    // Takes any byte, so that a single stray one does not lose a file.
    return new FortuneFile(
        StandardCharsets.ISO_8859_1, split(new String(bytes, StandardCharsets.ISO_8859_1)));
  }

  private static String decode(byte[] bytes, Charset charset) throws CharacterCodingException {
    return charset
        .newDecoder()
        .onMalformedInput(CodingErrorAction.REPORT)
        .onUnmappableCharacter(CodingErrorAction.REPORT)
        .decode(ByteBuffer.wrap(bytes))
        .toString();
  }

  private static List<String> split(String content) {
    List<String> texts = new ArrayList<>();
    int begin = 0;
    int line = 0;
    while (line < content.length()) {
      int end = content.indexOf('\n', line);
      int next = end < 0 ? content.length() : end + 1;
      if (isDelimiter(content, line, end < 0 ? content.length() : end)) {
        texts.add(withoutLastNewline(content.substring(begin, line)));
        begin = next;
      }
      line = next;
    }
    if (begin < content.length()) {
      texts.add(withoutLastNewline(content.substring(begin)));
    }
    return texts;
  }

  private static boolean isDelimiter(String content, int from, int to) {
    int length = to > from && content.charAt(to - 1) == '\r' ? to - from - 1 : to - from;
    return length == 1 && content.charAt(from) == '%';
  }

  private static String withoutLastNewline(String text) {
    return text.endsWith("\n") ? text.substring(0, text.length() - 1) : text;
  }
}
