package social.starling.client;

import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import social.starling.common.Backoff;
import social.starling.proto.sns.v1.Heartbeat;
import social.starling.proto.sns.v1.StreamEvent;
import social.starling.proto.sns.v1.StreamRequest;

/**
 * One live timeline made of as many upstream streams as it takes: without gap and without repeat.
 *
 * <ol>
 *   <li>While no cursor is known, everything up to the end of the backlog is held back and then
 *       yielded at once. When the upstream breaks before that, it is asked the same again: what was
 *       held back is dropped, for posts made in between may have pushed some out of the backlog.
 *   <li>From then on each event's cursor is remembered, and a break is followed by opening an
 *       upstream at that cursor.
 *   <li>An event below the cursor is dropped, and so is a post that was yielded at this very
 *       cursor: one change may bring several posts, and a break in its middle repeats the first
 *       ones.
 *   <li>The end of the backlog is yielded once, whatever the later upstreams say.
 *   <li>An upstream that yields nothing for {@link Settings#silence} is broken.
 *   <li>After each second in which nothing was yielded, a heartbeat is, also while no upstream can
 *       be reached, so that a reader can tell this from a dead peer.
 * </ol>
 *
 * <p>One thread calls {@link #next}; any thread may {@link #close}.
 */
public final class ResumableStream implements AutoCloseable {

  private static final Duration HEARTBEAT = Duration.ofSeconds(1);
  private static final Duration SLICE = Duration.ofMillis(200);
  private static final Duration FIRST_WAIT = Duration.ofMillis(5);
  private static final Duration MAX_WAIT = Duration.ofMillis(50);
  private static final Duration MAX_LONG_WAIT = Duration.ofSeconds(1);
  private static final Duration LONG = Duration.ofSeconds(5);
  private static final int MAX_HELD_BACK = 1000;

  /** Where streams come from. Called by the thread that calls {@link #next}. */
  public interface Upstream {

    /**
     * Begins a stream. It may fail at once or by the first {@link EventSource#poll}.
     *
     * @throws StatusRuntimeException judged by {@link Verdict}
     */
    EventSource open(StreamRequest request);

    /** The stream opened last yielded its first event. */
    default void flows() {}

    /** The stream opened last broke, or none could be opened; another will be opened. */
    default void broke(StatusRuntimeException failure) {}

    /** True when no further stream should be opened after this failure. */
    default boolean hopeless(StatusRuntimeException failure) {
      return !Verdict.of(failure).repeatable();
    }

    /** True when the stream opened last should be left for another; asked a few times a second. */
    default boolean moved() {
      return false;
    }
  }

  /** One upstream stream. */
  public interface EventSource extends AutoCloseable {

    /**
     * Waits for the next event.
     *
     * @return empty when none came within the time
     * @throws StatusRuntimeException when the stream broke or ended
     */
    Optional<StreamEvent> poll(Duration wait) throws InterruptedException;

    /** Cancels the stream. Any thread. */
    @Override
    void close();
  }

  /**
   * Times.
   *
   * @param silence an upstream without any event for this long is broken
   * @param begin when no event at all came from any upstream for this long since the beginning, the
   *     last failure is thrown; later failures are repeated without bound
   */
  public record Settings(Duration silence, Duration begin) {

    /** 2.5 s and 5 s. */
    public static final Settings DEFAULT =
        new Settings(ClientOptions.DEFAULT_SILENCE, ClientOptions.DEFAULT_DEADLINE);
  }

  private final StreamRequest first;
  private final Upstream upstream;
  private final Settings settings;
  private final CountDownLatch closed = new CountDownLatch(1);
  private final Queue<StreamEvent> ready = new ArrayDeque<>();
  private final List<StreamEvent> heldBack = new ArrayList<>();
  private final Set<Long> yieldedAtCursor = new HashSet<>();
  private final long began = System.nanoTime();

  private volatile EventSource source;
  private volatile boolean cursorKnown;
  private volatile long cursor;
  private boolean flowing;
  private boolean everFlowed;
  private boolean backlogEnded;
  private long heardAt;
  private long yieldedAt = System.nanoTime();
  private long brokenSince;
  private Backoff backoff = newBackoff(MAX_WAIT);
  private int failures;

  /**
   * A stream that opens its first upstream at the first {@link #next}.
   *
   * @param first what to ask: with a cursor, or without one and a backlog
   */
  public ResumableStream(StreamRequest first, Upstream upstream, Settings settings) {
    this.first = first;
    this.upstream = upstream;
    this.settings = settings;
    this.cursorKnown = first.hasCursor();
    this.cursor = first.getCursor();
  }

  /**
   * Waits for the next event: a post, the end of the backlog, or a heartbeat.
   *
   * @return empty when the stream was closed
   * @throws StatusRuntimeException when going on is hopeless
   */
  public Optional<StreamEvent> next() throws InterruptedException {
    while (closed.getCount() > 0) {
      StreamEvent event = ready.poll();
      if (event == null && cursorKnown && since(yieldedAt).compareTo(HEARTBEAT) >= 0) {
        event = heartbeat();
      }
      if (event != null) {
        yieldedAt = System.nanoTime();
        return Optional.of(event);
      }
      try {
        advance();
      } catch (StatusRuntimeException failure) {
        broke(failure);
      }
    }
    return Optional.empty();
  }

  /** Where a stream goes on after the events yielded so far; empty while none is known. */
  public Optional<Long> cursor() {
    return cursorKnown ? Optional.of(cursor) : Optional.empty();
  }

  @Override
  public void close() {
    closed.countDown();
    EventSource open = source;
    if (open != null) {
      open.close();
    }
  }

  private void advance() throws InterruptedException {
    if (source == null) {
      open();
      return;
    }
    Optional<StreamEvent> event = source.poll(SLICE);
    if (event.isPresent()) {
      heard();
      take(event.get());
    } else if (since(heardAt).compareTo(settings.silence()) >= 0) {
      throw Status.DEADLINE_EXCEEDED
          .withDescription(
              "the stream yielded nothing for " + settings.silence().toMillis() + " ms")
          .asRuntimeException();
    } else if (upstream.moved()) {
      drop();
    }
  }

  private void open() {
    source = upstream.open(request());
    flowing = false;
    heardAt = System.nanoTime();
    if (closed.getCount() == 0) {
      source.close();
    }
  }

  private StreamRequest request() {
    return cursorKnown ? first.toBuilder().setCursor(cursor).build() : first;
  }

  private void heard() {
    heardAt = System.nanoTime();
    if (!flowing) {
      flowing = true;
      everFlowed = true;
      failures = 0;
      backoff = newBackoff(MAX_WAIT);
      upstream.flows();
    }
  }

  private void take(StreamEvent event) {
    if (!cursorKnown) {
      holdBack(event);
      return;
    }
    if (Long.compareUnsigned(event.getCursor(), cursor) < 0) {
      return;
    }
    if (event.getCursor() != cursor) {
      cursor = event.getCursor();
      yieldedAtCursor.clear();
    }
    switch (event.getEventCase()) {
      case POST -> {
        if (yieldedAtCursor.add(event.getPost().getId())) {
          ready.add(event);
        }
      }
      case BACKLOG_END -> {
        if (!backlogEnded) {
          backlogEnded = true;
          ready.add(event);
        }
      }
      case HEARTBEAT -> ready.add(event);
      case EVENT_NOT_SET -> {
        // A kind of event newer than this client: only its cursor counts.
      }
    }
  }

  private void holdBack(StreamEvent event) {
    switch (event.getEventCase()) {
      case POST -> {
        if (heldBack.size() == MAX_HELD_BACK) {
          throw Status.INTERNAL
              .withDescription("the server's backlog has no end after 1,000 posts")
              .asRuntimeException();
        }
        heldBack.add(event);
      }
      case BACKLOG_END -> {
        cursorKnown = true;
        cursor = event.getCursor();
        backlogEnded = true;
        heldBack.forEach(held -> yieldedAtCursor.add(held.getPost().getId()));
        ready.addAll(heldBack);
        ready.add(event);
        heldBack.clear();
      }
      case HEARTBEAT, EVENT_NOT_SET -> {
        // Says nothing about the backlog.
      }
    }
  }

  private void broke(StatusRuntimeException failure) throws InterruptedException {
    drop();
    if (closed.getCount() == 0) {
      return;
    }
    boolean tooLong = !everFlowed && since(began).compareTo(settings.begin()) >= 0;
    if (upstream.hopeless(failure) || tooLong) {
      close();
      throw failure;
    }
    upstream.broke(failure);
    long now = System.nanoTime();
    if (failures++ == 0) {
      brokenSince = now;
      return;
    }
    if (since(brokenSince).compareTo(LONG) >= 0) {
      brokenSince = now;
      backoff = newBackoff(MAX_LONG_WAIT);
    }
    await(backoff.next());
  }

  private void drop() {
    EventSource left = source;
    source = null;
    heldBack.clear();
    if (left != null) {
      left.close();
    }
  }

  // A long wait ends early so that the next heartbeat is in time.
  private void await(Duration wait) throws InterruptedException {
    Duration untilHeartbeat = HEARTBEAT.minus(since(yieldedAt));
    Duration bounded =
        cursorKnown && untilHeartbeat.compareTo(wait) < 0
            ? untilHeartbeat.isPositive() ? untilHeartbeat : Duration.ofMillis(1)
            : wait;
    closed.await(bounded.toNanos(), TimeUnit.NANOSECONDS);
  }

  private StreamEvent heartbeat() {
    return StreamEvent.newBuilder()
        .setHeartbeat(Heartbeat.getDefaultInstance())
        .setCursor(cursor)
        .build();
  }

  private static Duration since(long nanos) {
    return Duration.ofNanos(System.nanoTime() - nanos);
  }

  private static Backoff newBackoff(Duration max) {
    return new Backoff(FIRST_WAIT, max, ThreadLocalRandom.current());
  }
}
