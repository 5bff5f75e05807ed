package social.starling.launcher;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.Comparator;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * What is known of a member and of its volume, as {@code DescribeVolume} of the server tells it.
 *
 * @param cluster that the member belongs to
 * @param member its name
 * @param directory of the volume
 * @param trouble why the volume cannot be used, in words; empty when it can
 * @param openEpoch the epoch in which its process serves at this moment, if one runs and says so
 * @param ownCluster the cluster that the volume says it belongs to; empty when it does not say
 * @param number of that cluster; of no meaning when that is empty
 * @param volume its id
 * @param used something was promised or journaled
 * @param promised the highest epoch promised
 * @param lastIndex index of the journal's last entry
 * @param lastEpoch epoch of the journal's last entry
 * @param users how many live there
 * @param slotsVersion newest version of the slot table that it has journaled
 * @param slots in which the cluster takes new names
 * @param usedSlots in which users live
 * @param clusters numbers of all clusters that it knows
 */
record VolumeView(
    String cluster,
    String member,
    Path directory,
    Optional<String> trouble,
    OptionalLong openEpoch,
    Optional<String> ownCluster,
    int number,
    String volume,
    boolean used,
    long promised,
    long lastIndex,
    long lastEpoch,
    long users,
    long slotsVersion,
    BitSet slots,
    BitSet usedSlots,
    SortedSet<Integer> clusters) {

  /**
   * Whose volume surely holds what was acknowledged comes last: who serves or wrote in the newest
   * epoch; of those who serves, then whose journal goes on longer. A member may take itself for
   * master of an epoch that another has ended without its hearing of it: that it serves counts only
   * while nobody has written in a later one.
   */
  static final Comparator<VolumeView> BY_REACH =
      Comparator.<VolumeView>comparingLong(
              view -> Math.max(view.openEpoch().orElse(-1), view.lastEpoch()))
          .thenComparingLong(view -> view.openEpoch().orElse(-1))
          .thenComparingLong(VolumeView::lastEpoch)
          .thenComparingLong(VolumeView::lastIndex);

  /** A volume of which nothing is known. */
  static VolumeView unknown(String cluster, String member, Path directory, String trouble) {
    return blank(cluster, member, directory, Optional.of(trouble));
  }

  /** A volume that was never written to. */
  static VolumeView unused(String cluster, String member, Path directory) {
    return blank(cluster, member, directory, Optional.empty());
  }

  private static VolumeView blank(
      String cluster, String member, Path directory, Optional<String> trouble) {
    return new VolumeView(
        cluster,
        member,
        directory,
        trouble,
        OptionalLong.empty(),
        Optional.empty(),
        0,
        "",
        false,
        0,
        0,
        0,
        0,
        0,
        new BitSet(),
        new BitSet(),
        new TreeSet<>());
  }

  /** Takes the line that {@code DescribeVolume} printed. */
  static VolumeView read(
      String cluster, String member, Path directory, String line, OptionalLong openEpoch) {
    try {
      JsonObject json = JsonParser.parseString(line).getAsJsonObject();
      TreeSet<Integer> clusters = new TreeSet<>();
      json.getAsJsonArray("clusters").forEach(each -> clusters.add(each.getAsInt()));
      JsonElement own = json.get("cluster");
      return new VolumeView(
          cluster,
          member,
          directory,
          text(json.get("trouble")),
          openEpoch,
          text(own),
          own.isJsonNull() ? 0 : json.get("number").getAsInt(),
          json.get("volume").getAsString(),
          json.get("used").getAsBoolean(),
          json.get("promised").getAsLong(),
          json.get("lastIndex").getAsLong(),
          json.get("lastEpoch").getAsLong(),
          json.get("users").getAsLong(),
          json.get("slotsVersion").getAsLong(),
          bits(json, "slots"),
          bits(json, "usedSlots"),
          clusters);
    } catch (JsonParseException
        | IllegalStateException
        | NullPointerException
        | IndexOutOfBoundsException
        | NumberFormatException
        | UnsupportedOperationException e) {
      return unknown(cluster, member, directory, "what was read of it makes no sense: " + line);
    }
  }

  /** The same, with another reason why it cannot be used. */
  VolumeView withTrouble(String reason) {
    return new VolumeView(
        cluster,
        member,
        directory,
        Optional.of(reason),
        openEpoch,
        ownCluster,
        number,
        volume,
        used,
        promised,
        lastIndex,
        lastEpoch,
        users,
        slotsVersion,
        slots,
        usedSlots,
        clusters);
  }

  private static Optional<String> text(JsonElement element) {
    return element.isJsonNull() ? Optional.empty() : Optional.of(element.getAsString());
  }

  private static BitSet bits(JsonObject json, String key) {
    BitSet bits = new BitSet();
    json.getAsJsonArray(key).forEach(each -> bits.set(each.getAsInt()));
    return bits;
  }

  /** Why it is of no use for its cluster, in words; empty when it is. */
  Optional<String> useless() {
    return trouble.or(() ->
        ownCluster.filter(own -> !own.equals(cluster)).map(own -> "it belongs to cluster " + own));
  }

  /** Slots that must stay with the cluster, and those that it takes new names in. */
  BitSet claimed() {
    BitSet all = (BitSet) slots.clone();
    all.or(usedSlots);
    return all;
  }
}
