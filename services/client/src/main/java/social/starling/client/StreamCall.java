package social.starling.client;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import social.starling.proto.sns.v1.SnsGrpc;
import social.starling.proto.sns.v1.StreamEvent;
import social.starling.proto.sns.v1.StreamRequest;

/**
 * A server-streaming call read with a time limit. At most {@value #WINDOW} messages wait here; the
 * peer is slowed down beyond that. One thread polls; any thread closes.
 */
public final class StreamCall<A> implements AutoCloseable {

  private static final int WINDOW = 64;

  private sealed interface Item<A> {}

  private record Message<A>(A content) implements Item<A> {}

  private record End<A>(Status status, Metadata trailers) implements Item<A> {}

  private final BlockingQueue<Item<A>> items = new LinkedBlockingQueue<>();
  private final ClientCall<?, A> call;

  private <Q> StreamCall(ClientCall<Q, A> call, Q request) {
    this.call = call;
    call.start(new Received(), new Metadata());
    call.request(WINDOW);
    call.sendMessage(request);
    call.halfClose();
  }

  /** Begins a call; failures show when it is polled. */
  public static <Q, A> StreamCall<A> open(
      Channel channel, MethodDescriptor<Q, A> method, Q request) {
    return new StreamCall<>(channel.newCall(method, CallOptions.DEFAULT), request);
  }

  /** Begins a {@code Sns.Stream}. */
  public static ResumableStream.EventSource events(Channel channel, StreamRequest request) {
    StreamCall<StreamEvent> call = open(channel, SnsGrpc.getStreamMethod(), request);
    return new ResumableStream.EventSource() {
      @Override
      public Optional<StreamEvent> poll(Duration wait) throws InterruptedException {
        return call.poll(wait);
      }

      @Override
      public void close() {
        call.close();
      }
    };
  }

  /**
   * Waits for the next message.
   *
   * @return empty when none came within the time
   * @throws StatusRuntimeException when the call failed, or UNAVAILABLE when it ended
   */
  public Optional<A> poll(Duration wait) throws InterruptedException {
    Item<A> item = items.poll(wait.toNanos(), TimeUnit.NANOSECONDS);
    return switch (item) {
      case null -> Optional.empty();
      case Message<A>(A content) -> {
        call.request(1);
        yield Optional.of(content);
      }
      case End<A> end -> {
        items.add(end);
        throw end.status().isOk()
            ? Status.UNAVAILABLE.withDescription("the server ended the stream").asRuntimeException()
            : end.status().asRuntimeException(end.trailers());
      }
    };
  }

  @Override
  public void close() {
    call.cancel("the reader left", null);
  }

  private final class Received extends ClientCall.Listener<A> {

    @Override
    public void onMessage(A message) {
      items.add(new Message<>(message));
    }

    @Override
    public void onClose(Status status, Metadata trailers) {
      items.add(new End<>(status, trailers));
    }
  }
}
