package social.starling.client;

/** What a live timeline yields. */
public sealed interface TimelineEvent {

  /** Where a stream goes on after this event. */
  long cursor();

  /** A post, each once. */
  record Posted(Post post, long cursor) implements TimelineEvent {}

  /** Everything that stood there before the stream began has been yielded. Comes once. */
  record BacklogEnd(long cursor) implements TimelineEvent {}
}
