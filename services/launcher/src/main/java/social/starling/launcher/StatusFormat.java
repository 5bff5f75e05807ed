package social.starling.launcher;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** Shows rows of {@code starling status} to people and to programs. */
final class StatusFormat {

  private static final Gson GSON =
      new GsonBuilder().setPrettyPrinting().serializeNulls().disableHtmlEscaping().create();

  private StatusFormat() {}

  /** A JSON array of objects that all have the same fields. */
  static String json(List<StatusRow> rows) {
    JsonArray array = new JsonArray();
    for (StatusRow row : rows) {
      JsonObject object = new JsonObject();
      object.addProperty("kind", row.kind());
      object.addProperty("cluster", row.cluster());
      object.addProperty("member", row.member());
      object.addProperty("role", row.role());
      object.addProperty("epoch", row.epoch());
      object.addProperty("inSync", row.inSync());
      object.addProperty("pid", row.pid());
      object.addProperty("address", row.address());
      object.addProperty("directory", row.directory());
      object.addProperty("lag", row.lag());
      object.addProperty("uptimeSeconds", row.uptimeSeconds());
      array.add(object);
    }
    return GSON.toJson(array);
  }

  /** A table with a line per process; a process that does not run is shown as dead. */
  static String table(List<StatusRow> rows) {
    List<List<String>> lines = new ArrayList<>();
    lines.add(
        List.of(
            "KIND",
            "CLUSTER",
            "MEMBER",
            "ROLE",
            "EPOCH",
            "IN SYNC",
            "LAG",
            "PID",
            "UP",
            "ADDRESS",
            "DIRECTORY"));
    for (StatusRow row : rows) {
      lines.add(
          List.of(
              row.kind(),
              text(row.cluster()),
              text(row.member()),
              text(row.role()),
              text(row.epoch()),
              text(row.inSync() == null ? null : row.inSync() ? "yes" : "no"),
              text(row.lag()),
              row.pid() == null ? "dead" : row.pid().toString(),
              row.uptimeSeconds() == null ? "-" : uptime(row.uptimeSeconds()),
              row.address(),
              text(row.directory())));
    }
    int[] widths = new int[lines.getFirst().size()];
    for (List<String> line : lines) {
      for (int column = 0; column < widths.length; column++) {
        widths[column] = Math.max(widths[column], line.get(column).length());
      }
    }
    return lines.stream().map(line -> padded(line, widths)).collect(Collectors.joining("\n"));
  }

  private static String padded(List<String> line, int[] widths) {
    StringBuilder text = new StringBuilder();
    for (int column = 0; column < widths.length; column++) {
      text.append(line.get(column)).repeat(' ', widths[column] - line.get(column).length() + 2);
    }
    return text.toString().stripTrailing();
  }

  private static String text(Object value) {
    return Optional.ofNullable(value).map(Object::toString).orElse("-");
  }

  private static String uptime(long seconds) {
    if (seconds < 120) {
      return seconds + " s";
    }
    return seconds < 7200 ? seconds / 60 + " min" : seconds / 3600 + " h";
  }
}
