package social.starling.launcher;

import java.util.List;
import java.util.stream.IntStream;

/** Names of clusters and of their members. */
final class ClusterNames {

  private static final List<String> LETTERS =
      List.of(
          "alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa",
          "lambda", "mu", "nu", "xi", "omicron", "pi", "rho", "sigma", "tau", "upsilon", "phi",
          "chi", "psi", "omega");

  /** How many clusters fit on one machine by name. */
  static final int MAX = LETTERS.size();

  private ClusterNames() {}

  static List<String> first(int count) {
    return LETTERS.subList(0, count);
  }

  static List<String> members(String cluster) {
    return IntStream.rangeClosed(1, 2).mapToObj(serial -> cluster + "-" + serial).toList();
  }
}
