package social.starling.torture.check;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import social.starling.torture.history.History;

/** Runs all checkers. Pure. */
public final class Checker {

  private static final Map<String, Check> CHECKS = checks();

  private Checker() {}

  private static Map<String, Check> checks() {
    Map<String, Check> checks = new LinkedHashMap<>();
    checks.put("acknowledged", new Acknowledged());
    checks.put("twice", new Twice());
    checks.put("invented", new Invented());
    checks.put("gone", new Gone());
    checks.put("order", new Order());
    checks.put("sessions", new Sessions());
    checks.put("streams", new Streams());
    checks.put("own-posts", new OwnPosts());
    checks.put("timelines", new Timelines());
    checks.put("members", new Members());
    checks.put("clusters", new Clusters());
    checks.put("stale-reads", new StaleReads());
    checks.put("follows", new Follows());
    return java.util.Collections.unmodifiableMap(checks);
  }

  /** The names of all checkers, in their order. */
  public static List<String> names() {
    return List.copyOf(CHECKS.keySet());
  }

  /**
   * Checks everything.
   *
   * @param history with the events in the order in which they ended; of a run that broke off what
   *     can be told without the end is checked
   * @return what is wrong, by time; empty when all is well. Of each checker the first {@value
   *     Findings#MOST}, and how many more there are in a last one
   */
  public static List<Violation> check(History history) {
    Known known = new Known(new Facts(history));
    Map<String, Findings> found = new LinkedHashMap<>();
    Set<Long> posts = new HashSet<>();
    CHECKS.forEach((name, check) -> {
      Findings findings = new Findings();
      check.check(known, findings);
      findings.found().forEach(finding -> posts.addAll(finding.posts()));
      found.put(name, findings);
    });
    List<Violation> violations = new ArrayList<>();
    if (found.values().stream().allMatch(findings -> findings.found().isEmpty())) {
      return violations;
    }
    Surroundings surroundings = new Surroundings(history, posts);
    found.forEach((name, findings) -> {
      for (Findings.Finding finding : findings.found()) {
        violations.add(
            new Violation(name, finding.sentence(), finding.at(), surroundings.around(finding)));
      }
      if (findings.more() > 0) {
        violations.add(
            new Violation(
                name, findings.more() + " more of this kind", history.nanos(), List.of()));
      }
    });
    violations.sort(Comparator.comparingLong(Violation::at));
    return violations;
  }
}
