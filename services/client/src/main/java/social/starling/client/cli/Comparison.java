package social.starling.client.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import social.starling.proto.replication.v1.DigestResponse;
import social.starling.proto.replication.v1.FileDigest;

/**
 * Whether two members hold the same, by their digests at the same applied index.
 *
 * @param differences in sentences; empty when they hold the same
 * @param damage what a member found wrong with itself, in sentences
 */
record Comparison(List<String> differences, List<String> damage) {

  static Comparison of(DigestResponse one, DigestResponse other) {
    List<String> differences = new ArrayList<>();
    if (!one.getTablesSha256().equals(other.getTablesSha256())) {
      differences.add("the tables of " + one.getMember() + " and " + other.getMember() + " differ");
    }
    Map<String, FileDigest> ones = files(one);
    Map<String, FileDigest> others = files(other);
    TreeSet<String> paths = new TreeSet<>(ones.keySet());
    paths.addAll(others.keySet());
    for (String path : paths) {
      FileDigest here = ones.get(path);
      FileDigest there = others.get(path);
      if (here == null || there == null) {
        String missing = here == null ? one.getMember() : other.getMember();
        differences.add(path + " is missing on " + missing);
      } else if (!here.getSha256().equals(there.getSha256())) {
        differences.add(
            path
                + " differs: "
                + here.getSize()
                + " bytes on "
                + one.getMember()
                + ", "
                + there.getSize()
                + " on "
                + other.getMember());
      }
    }
    if (differences.isEmpty() && !one.getFilesSha256().equals(other.getFilesSha256())) {
      differences.add(
          "the post files of " + one.getMember() + " and " + other.getMember() + " differ");
    }
    List<String> damage = new ArrayList<>();
    damage(one, damage);
    damage(other, damage);
    return new Comparison(List.copyOf(differences), List.copyOf(damage));
  }

  boolean equal() {
    return differences.isEmpty() && damage.isEmpty();
  }

  private static Map<String, FileDigest> files(DigestResponse digest) {
    Map<String, FileDigest> files = new TreeMap<>();
    digest.getFilesList().forEach(file -> files.put(file.getPath(), file));
    return files;
  }

  private static void damage(DigestResponse digest, List<String> damage) {
    digest.getDamageList().forEach(sentence -> damage.add(digest.getMember() + ": " + sentence));
  }
}
