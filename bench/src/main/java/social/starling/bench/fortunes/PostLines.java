package social.starling.bench.fortunes;

import com.google.gson.Gson;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import java.io.BufferedReader;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import social.starling.common.ExitCode;
import social.starling.common.StartException;

/** Posts as lines of JSON, the form of {@code import-posts} and {@code export-posts}. */
final class PostLines {

  private static final Gson GSON = new Gson();

  private PostLines() {}

  /** Writes the authors in turn, so that all of them are at work at any time of an import. */
  static void write(Anthology anthology, Appendable out) throws IOException {
    boolean more = true;
    for (int i = 0; more; i++) {
      more = false;
      for (Anthology.Author author : anthology.authors()) {
        if (i < author.texts().size()) {
          JsonObject line = new JsonObject();
          line.addProperty("author", author.name());
          line.addProperty("text", author.texts().get(i));
          out.append(GSON.toJson(line)).append('\n');
          more = true;
        }
      }
    }
  }

  /** The texts of each author in the order of the lines. */
  static Map<String, List<String>> read(BufferedReader in) throws IOException {
    Map<String, List<String>> texts = new LinkedHashMap<>();
    String line;
    for (int number = 1; (line = in.readLine()) != null; number++) {
      try {
        JsonObject post = JsonParser.parseString(line).getAsJsonObject();
        texts
            .computeIfAbsent(post.get("author").getAsString(), author -> new ArrayList<>())
            .add(post.get("text").getAsString());
      } catch (JsonParseException
          | IllegalStateException
          | NullPointerException
          | UnsupportedOperationException e) {
        throw new StartException(
            ExitCode.FAILED, "line %d is no post: %s".formatted(number, e.getMessage()), e);
      }
    }
    return texts;
  }
}
