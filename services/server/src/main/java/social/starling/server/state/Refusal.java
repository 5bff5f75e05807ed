package social.starling.server.state;

import social.starling.proto.journal.v1.Answer;
import social.starling.proto.sns.v1.Reason;

/** Answers that say no. */
final class Refusal {

  private Refusal() {}

  static Answer of(Reason reason, String sentence) {
    return Answer.newBuilder().setReason(reason.name()).setMessage(sentence).build();
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
