package social.starling.bench.growth;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonParseException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import social.starling.common.ExitCode;
import social.starling.common.StartException;

/**
 * What a part found.
 *
 * @param begun when, as ISO 8601
 * @param seconds how long it took
 * @param machine what it ran on, in sentences
 * @param notes what a reader should know, in sentences: what was left out, too
 */
record Results(
    String part,
    String begun,
    double seconds,
    List<String> machine,
    List<Curve> curves,
    List<String> notes) {

  private static final Gson GSON =
      new GsonBuilder().setPrettyPrinting().disableHtmlEscaping().create();

  Results {
    machine = List.copyOf(machine);
    curves = List.copyOf(curves);
    notes = List.copyOf(notes);
  }

  void write(Path folder) throws IOException {
    Files.writeString(file(folder, part), GSON.toJson(this) + "\n");
  }

  /** Those that are in a folder, in the order of the parts. */
  static List<Results> read(Path folder) throws IOException {
    List<Results> all = new ArrayList<>();
    for (Part part : Part.values()) {
      Path file = file(folder, part.word());
      if (Files.exists(file)) {
        try {
          all.add(GSON.fromJson(Files.readString(file), Results.class));
        } catch (JsonParseException | NullPointerException e) {
          throw new StartException(
              ExitCode.FAILED,
              "%s is not understood (%s); delete it, or measure again"
                  .formatted(file, e.getMessage()),
              e);
        }
      }
    }
    return all;
  }

  private static Path file(Path folder, String part) {
    return folder.resolve(part + ".json");
  }
}
