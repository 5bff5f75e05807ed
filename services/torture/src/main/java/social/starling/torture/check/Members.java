package social.starling.torture.check;

import java.util.HashSet;
import social.starling.torture.history.Stored;

/** Both members of a cluster are the same in the end: tables, answers, files, byte for byte. */
final class Members implements Check {

  @Override
  public void check(Known known, Findings findings) {
    Stored stored = known.facts.history.stored();
    if (stored == null) {
      return;
    }
    long end = known.facts.history.nanos();
    for (String sentence : stored.verified()) {
      findings.add(end, Findings.all(), Findings.all(), "%s", sentence);
    }
    stored
        .digests()
        .forEach((cluster, digests) -> {
          if (new HashSet<>(digests.values()).size() > 1) {
            findings.add(
                end,
                Findings.all(),
                Findings.all(),
                "the members of %s are not the same: %s",
                cluster,
                digests);
          }
        });
  }
}
