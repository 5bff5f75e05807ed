package social.starling.client.cli;

import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import picocli.CommandLine.Option;
import social.starling.client.Post;

/** For whom to print. */
final class OutputOptions {

  enum Format {
    TEXT,
    JSON
  }

  // Always three digits, so that times sort as texts.
  private static final DateTimeFormatter ISO =
      DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSS'Z'").withZone(ZoneOffset.UTC);

  @Option(
      names = "--output",
      paramLabel = "text|json",
      defaultValue = "text",
      description = "text, or one JSON object a line.")
  private Format format;

  boolean json() {
    return format == Format.JSON;
  }

  String post(Post post, ZoneId zone) {
    return json() ? json(post).toString() : Shown.post(post, zone);
  }

  static Json json(Post post) {
    return new Json()
        .put("id", Long.toUnsignedString(post.id()))
        .put("author", post.author())
        .put("text", post.text())
        .put("time", ISO.format(post.time()));
  }
}
