package social.starling.launcher;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Which two of the volumes that are found are the members of a cluster. Pure.
 *
 * <p>The operator gives each new volume the next serial, and keeps that of a member that was
 * replaced until two others are in sync. So there may be three, or one:
 *
 * <ul>
 *   <li>what the {@code SnsCluster} names as members counts, and any newer volume. One that is
 *       older than both was replaced;
 *   <li>of more than two, one that cannot be used comes before one that can and is behind: it may
 *       hold what the others do not, and a person has to decide that;
 *   <li>an older one counts after all when none of those holds anything that can be read;
 *   <li>a member that is named and has no claim any more is one whose volume is lost. When nothing
 *       names it, it is called by the next serial.
 * </ul>
 */
final class MemberChoice {

  private static final Comparator<VolumeView> FURTHEST_FIRST =
      VolumeView.BY_REACH.thenComparingInt(view -> serial(view)).reversed();

  private MemberChoice() {}

  /**
   * Two volumes for each cluster that ever had one.
   *
   * @param volumes of all claims
   * @param clusters every {@code SnsCluster}
   */
  static List<VolumeView> of(List<VolumeView> volumes, List<JsonObject> clusters) {
    Map<String, JsonObject> named =
        clusters.stream().collect(Collectors.toMap(Namespace::nameOf, Function.identity()));
    Map<String, List<VolumeView>> found = new TreeMap<>();
    named.forEach((name, cluster) -> {
      if (Namespace.number(cluster, "status", "epoch").isPresent()) {
        found.put(name, new ArrayList<>());
      }
    });
    volumes.forEach(
        view -> found.computeIfAbsent(view.cluster(), name -> new ArrayList<>()).add(view));
    List<VolumeView> chosen = new ArrayList<>();
    found.forEach((name, views) ->
        chosen.addAll(pair(name, views, members(Optional.ofNullable(named.get(name))))));
    return chosen;
  }

  /** The members that the operator has seen last, and whether each ever had a claim. */
  private static Map<String, Boolean> members(Optional<JsonObject> cluster) {
    Map<String, Boolean> members = new TreeMap<>();
    cluster
        .flatMap(object -> Namespace.find(object, "status", "members"))
        .map(JsonElement::getAsJsonArray)
        .ifPresent(array ->
            array.forEach(each ->
                members.put(
                    each.getAsJsonObject().get("name").getAsString(),
                    Namespace.text(each.getAsJsonObject(), "claim").isPresent())));
    return members;
  }

  private static List<VolumeView> pair(
      String cluster, List<VolumeView> views, Map<String, Boolean> members) {
    List<VolumeView> candidates =
        new ArrayList<>(
            views.stream()
                .filter(view ->
                    members.isEmpty()
                        || members.containsKey(view.member())
                        || members.keySet().stream().allMatch(m -> serial(m) < serial(view)))
                .toList());
    members.forEach((member, hadClaim) -> {
      if (candidates.stream().noneMatch(view -> view.member().equals(member))) {
        candidates.add(
            hadClaim
                ? VolumeView.unknown(cluster, member, Path.of(member), "its claim is gone")
                : VolumeView.unused(cluster, member, Path.of(member)));
      }
    });
    if (candidates.stream().noneMatch(MemberChoice::holds)) {
      views.stream()
          .filter(view -> holds(view) && !candidates.contains(view))
          .min(FURTHEST_FIRST)
          .ifPresent(candidates::add);
    }
    for (int next = highest(candidates) + 1; candidates.size() < 2; next++) {
      String member = cluster + "-" + next;
      candidates.add(
          VolumeView.unknown(
              cluster, member, Path.of(member), "no second volume of the cluster is there"));
    }
    return twoOf(candidates);
  }

  private static List<VolumeView> twoOf(List<VolumeView> candidates) {
    List<VolumeView> usable =
        candidates.stream()
            .filter(view -> view.useless().isEmpty())
            .sorted(FURTHEST_FIRST)
            .toList();
    List<VolumeView> useless =
        candidates.stream()
            .filter(view -> view.useless().isPresent())
            .sorted(Comparator.<VolumeView>comparingInt(view -> serial(view)).reversed())
            .toList();
    List<VolumeView> ranked = new ArrayList<>(usable.stream().limit(1).toList());
    ranked.addAll(useless);
    ranked.addAll(usable.stream().skip(1).toList());
    List<VolumeView> leftOut =
        ranked.stream().skip(2).filter(view -> view.useless().isPresent()).toList();
    // The second is one that cannot be used, too, when there is one left out.
    VolumeView second = leftOut.isEmpty() ? ranked.get(1) : withTroublesOf(leftOut, ranked.get(1));
    return Stream.of(ranked.get(0), second)
        .sorted(Comparator.comparingInt(view -> serial(view)))
        .toList();
  }

  /** So that whoever accepts the loss hears of all volumes that may be brought back. */
  private static VolumeView withTroublesOf(List<VolumeView> others, VolumeView view) {
    return view.withTrouble(
        Stream.concat(
                Stream.of(view.useless().orElseThrow()),
                others.stream()
                    .map(other -> other.directory() + ": " + other.useless().orElseThrow()))
            .collect(Collectors.joining(", ")));
  }

  private static boolean holds(VolumeView view) {
    return view.useless().isEmpty() && view.used();
  }

  private static int highest(List<VolumeView> views) {
    return views.stream().mapToInt(view -> serial(view)).max().orElse(0);
  }

  private static int serial(VolumeView view) {
    return serial(view.member());
  }

  /** The number at the end of a member's name; 0 when there is none. */
  private static int serial(String member) {
    String digits = member.substring(member.lastIndexOf('-') + 1);
    return digits.matches("[0-9]{1,9}") ? Integer.parseInt(digits) : 0;
  }
}
