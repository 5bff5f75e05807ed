package social.starling.torture.report;

import java.util.List;
import java.util.Locale;
import social.starling.torture.history.Call;
import social.starling.torture.history.Event;
import social.starling.torture.history.Fault;
import social.starling.torture.history.Mismatch;
import social.starling.torture.history.Operation;
import social.starling.torture.history.Shown;
import social.starling.torture.history.StreamBegun;

/** Numbers, times and events in words. */
final class Words {

  private static final int MOST_IDS = 8;

  private Words() {}

  /** A span of time with three digits or so. */
  static String span(long nanos) {
    double millis = nanos / 1e6;
    return millis < 10
        ? String.format(Locale.ROOT, "%.2f ms", millis)
        : millis < 1_000
            ? String.format(Locale.ROOT, "%.0f ms", millis)
            : String.format(Locale.ROOT, "%.2f s", millis / 1_000);
  }

  /** A moment of the run. */
  static String moment(long nanos) {
    long millis = nanos / 1_000_000;
    return String.format(
        Locale.ROOT,
        "%d:%02d:%02d.%03d",
        millis / 3_600_000,
        millis / 60_000 % 60,
        millis / 1_000 % 60,
        millis % 1_000);
  }

  static String count(long number) {
    return String.format(Locale.ROOT, "%,d", number);
  }

  static String what(Event event) {
    return switch (event) {
      case Call call ->
          "%s (session %d, %s) %s: %s%s"
              .formatted(
                  call.user(),
                  call.session(),
                  call.via().name().toLowerCase(Locale.ROOT),
                  asked(call.operation()),
                  call.outcome().name().toLowerCase(Locale.ROOT),
                  call.reason().isEmpty() ? "" : ", " + call.reason());
      case Shown shown ->
          "stream %d showed %s post %d, cursor %d"
              .formatted(shown.stream(), shown.reader(), shown.id(), shown.cursor());
      case StreamBegun begun ->
          "stream %d of %s is open from cursor %d"
              .formatted(begun.stream(), begun.reader(), begun.cursor());
      case Fault fault ->
          "fault: %s %s%s"
              .formatted(
                  fault.kind(),
                  String.join(", ", fault.targets()),
                  fault.detail().isEmpty() ? "" : " (" + fault.detail() + ")");
      case Mismatch mismatch ->
          "post %d was \"%s\" in %s, not \"%s\""
              .formatted(mismatch.id(), mismatch.found(), mismatch.where(), mismatch.expected());
    };
  }

  private static String asked(Operation operation) {
    return switch (operation) {
      case Operation.Register _ -> "registers";
      case Operation.Post post ->
          "posts \"%s\"%s".formatted(post.text(), post.id() == 0 ? "" : " → " + post.id());
      case Operation.Delete delete -> "deletes " + delete.id();
      case Operation.Follow follow -> "follows " + follow.name();
      case Operation.Unfollow unfollow -> "unfollows " + unfollow.name();
      case Operation.Posts page ->
          "reads %d posts of %s%s → %s"
              .formatted(page.limit(), page.author(), below(page.maxId()), ids(page.ids()));
      case Operation.Timeline page ->
          "reads %d of the timeline%s → %s, up to change %d"
              .formatted(page.limit(), below(page.maxId()), ids(page.ids()), page.cursor());
      case Operation.Following list -> "lists the followed → " + list.names();
      case Operation.Followers list -> "lists the followers → " + list.names();
    };
  }

  private static String below(long maxId) {
    return maxId == 0 ? "" : " below " + maxId;
  }

  private static String ids(List<Long> ids) {
    return ids.size() <= MOST_IDS
        ? ids.toString()
        : ids.subList(0, MOST_IDS) + " and %d more".formatted(ids.size() - MOST_IDS);
  }

  /** When an event began and ended. */
  static long[] times(Event event) {
    return switch (event) {
      case Call call -> new long[] {call.begun(), call.ended()};
      case Fault fault -> new long[] {fault.begun(), fault.ended()};
      case Shown shown -> new long[] {shown.at(), shown.at()};
      case StreamBegun begun -> new long[] {begun.at(), begun.at()};
      case Mismatch mismatch -> new long[] {mismatch.at(), mismatch.at()};
    };
  }

  static String escaped(String text) {
    return text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;");
  }
}
