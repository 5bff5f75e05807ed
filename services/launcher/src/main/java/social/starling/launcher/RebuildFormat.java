package social.starling.launcher;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.stream.Collectors;

/** Shows what {@code rebuild-coordinator} found and would write, to people and to programs. */
final class RebuildFormat {

  private static final Gson GSON =
      new GsonBuilder().setPrettyPrinting().serializeNulls().disableHtmlEscaping().create();

  private RebuildFormat() {}

  /** Two tables: the volumes, and what they make. */
  static String text(List<VolumeView> volumes, Rebuilt rebuilt) {
    List<List<String>> found = new ArrayList<>();
    found.add(List.of("MEMBER", "VOLUME", "PROMISED", "LAST ENTRY", "USERS", "STATE"));
    for (VolumeView each : volumes) {
      found.add(
          List.of(
              each.member(),
              each.volume().isEmpty() ? "-" : each.volume(),
              String.valueOf(each.promised()),
              each.lastIndex() + " (epoch " + each.lastEpoch() + ")",
              String.valueOf(each.users()),
              state(each)));
    }
    List<List<String>> made = new ArrayList<>();
    made.add(List.of("CLUSTER", "NUMBER", "EPOCH", "MASTER", "BECAUSE", "SLOTS"));
    for (Rebuilt.Row row : rebuilt.rows()) {
      made.add(
          List.of(
              row.cluster(),
              String.valueOf(row.number()),
              String.valueOf(row.epoch()),
              row.chosen().map(VolumeView::member).orElse("-"),
              row.why(),
              row.slots() == 0 ? "0" : row.slots() + ": " + ranges(rebuilt, row)));
    }
    return table(found)
        + "\n\n"
        + table(made)
        + "\n\nSlots have version "
        + rebuilt.state().getSlots().getVersion()
        + ".";
  }

  private static String state(VolumeView volume) {
    return volume
        .useless()
        .orElse(
            volume.openEpoch().isPresent()
                ? "serves at epoch " + volume.openEpoch().getAsLong()
                : volume.used() ? "can be used" : "was never used");
  }

  private static String ranges(Rebuilt rebuilt, Rebuilt.Row row) {
    List<String> ranges = new ArrayList<>();
    BitSet slots = rebuilt.slotsOf(row.cluster());
    for (int from = slots.nextSetBit(0); from >= 0; ) {
      int to = slots.nextClearBit(from);
      ranges.add(to - 1 == from ? String.valueOf(from) : from + "-" + (to - 1));
      from = slots.nextSetBit(to);
    }
    int shown = Math.min(4, ranges.size());
    return String.join(" ", ranges.subList(0, shown)) + (shown < ranges.size() ? " …" : "");
  }

  /** One JSON object. */
  static String json(List<VolumeView> volumes, Rebuilt rebuilt, boolean write) {
    JsonObject json = new JsonObject();
    json.addProperty("write", write);
    JsonArray found = new JsonArray();
    for (VolumeView each : volumes) {
      JsonObject volume = new JsonObject();
      volume.addProperty("cluster", each.cluster());
      volume.addProperty("member", each.member());
      volume.addProperty("directory", each.directory().toString());
      volume.addProperty("trouble", each.useless().orElse(null));
      volume.addProperty("volume", each.volume());
      volume.addProperty(
          "openEpoch", each.openEpoch().isPresent() ? each.openEpoch().getAsLong() : null);
      volume.addProperty("promised", each.promised());
      volume.addProperty("lastIndex", each.lastIndex());
      volume.addProperty("lastEpoch", each.lastEpoch());
      volume.addProperty("users", each.users());
      volume.addProperty("slotsVersion", each.slotsVersion());
      found.add(volume);
    }
    json.add("volumes", found);
    JsonArray made = new JsonArray();
    for (Rebuilt.Row row : rebuilt.rows()) {
      JsonObject cluster = new JsonObject();
      cluster.addProperty("cluster", row.cluster());
      cluster.addProperty("number", row.number());
      cluster.addProperty("epoch", row.epoch());
      cluster.addProperty("master", row.chosen().map(VolumeView::member).orElse(null));
      cluster.addProperty("volume", row.chosen().map(VolumeView::volume).orElse(null));
      cluster.addProperty("because", row.why());
      JsonArray slots = new JsonArray();
      rebuilt.slotsOf(row.cluster()).stream().forEach(slots::add);
      cluster.add("slots", slots);
      made.add(cluster);
    }
    json.add("clusters", made);
    json.addProperty("slotsVersion", rebuilt.state().getSlots().getVersion());
    json.add("losses", strings(rebuilt.losses()));
    json.add("contradictions", strings(rebuilt.contradictions()));
    return GSON.toJson(json);
  }

  private static JsonArray strings(List<String> values) {
    JsonArray array = new JsonArray();
    values.forEach(array::add);
    return array;
  }

  private static String table(List<List<String>> lines) {
    int[] widths = new int[lines.getFirst().size()];
    for (List<String> line : lines) {
      for (int column = 0; column < widths.length; column++) {
        widths[column] = Math.max(widths[column], line.get(column).length());
      }
    }
    return lines.stream()
        .map(line -> {
          StringBuilder text = new StringBuilder();
          for (int column = 0; column < widths.length; column++) {
            text.append(line.get(column))
                .repeat(' ', widths[column] - line.get(column).length() + 2);
          }
          return text.toString().stripTrailing();
        })
        .collect(Collectors.joining("\n"));
  }
}
