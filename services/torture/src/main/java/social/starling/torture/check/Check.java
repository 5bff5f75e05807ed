package social.starling.torture.check;

/** Looks for breaches of one promise. */
@FunctionalInterface
interface Check {

  void check(Known known, Findings findings);
}
