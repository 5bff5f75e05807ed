package social.starling.server.state;

import social.starling.proto.journal.v1.Answer;
import social.starling.proto.sns.v1.Reason;

/** Answers that say no. */
final class Refusal {

  private Refusal() {}

  static Answer of(Reason reason, String sentence) {
    return Answer.newBuilder().setReason(reason.name()).setMessage(sentence).build();
  }

  /** The user lives in another cluster, or would. */
  static Answer elsewhere(String name) {
    return of(
        Reason.WRONG_CLUSTER,
        "%s belongs to another cluster; nothing was done here".formatted(shown(name)));
  }

  /** Whether nothing was done for a reason that may pass, so that a retry is looked at again. */
  static boolean passing(Answer answer) {
    String reason = answer.getReason();
    return reason.equals(Reason.WRONG_CLUSTER.name())
        || reason.equals(Reason.WAITING_FOR_CLUSTERS.name());
  }

  /** What a user sent, in quotes, safe to print and short. */
  static String shown(String name) {
    StringBuilder shown = new StringBuilder("\"");
    name.codePoints()
        .limit(Names.MAX + 1L)
        .forEach(c -> shown.appendCodePoint(Character.isISOControl(c) ? '?' : c));
    return shown.append(name.length() > Names.MAX ? "…\"" : "\"").toString();
  }
}
