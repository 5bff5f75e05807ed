package social.starling.bench.load;

import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import social.starling.client.Verdict;
import social.starling.common.Errors;
import social.starling.common.Identity;

/**
 * One call of a user, repeated with the same content until it is answered, refused for good, or its
 * deadline has passed. Owned by the loop's thread.
 */
final class Operation<Q, A> {

  private static final long FIRST_WAIT = TimeUnit.MILLISECONDS.toNanos(5);
  private static final long MAX_WAIT = TimeUnit.MILLISECONDS.toNanos(50);
  private static final long DIRECT_LIMIT = TimeUnit.SECONDS.toNanos(1);

  /** How it ended: with an answer, or with the word for what went wrong. */
  record Outcome<A>(A answer, String failure) {

    boolean isAnswered() {
      return failure == null;
    }
  }

  private final Loop loop;
  private final MethodDescriptor<Q, A> method;
  private final Q request;
  private final String user;
  private final Destination destination;
  private final long deadline;
  private final BiConsumer<Outcome<A>, Integer> done;
  private int retries;
  private long wait;
  private String told;

  /**
   * @param deadline as {@code System.nanoTime()}
   * @param done told once, with the number of attempts beyond the first
   */
  Operation(
      Loop loop,
      MethodDescriptor<Q, A> method,
      Q request,
      String user,
      Destination destination,
      long deadline,
      BiConsumer<Outcome<A>, Integer> done) {
    this.loop = loop;
    this.method = method;
    this.request = request;
    this.user = user;
    this.destination = destination;
    this.deadline = deadline;
    this.done = done;
  }

  void start() {
    attempt();
  }

  private void attempt() {
    long left = deadline - System.nanoTime();
    long limit = destination.isDirect() ? Math.min(left, DIRECT_LIMIT) : left;
    String address = destination.address();
    ClientCall<Q, A> call =
        loop.channel(address)
            .newCall(
                method,
                CallOptions.DEFAULT.withDeadlineAfter(Math.max(1, limit), TimeUnit.NANOSECONDS));
    Metadata headers = new Metadata();
    headers.put(Identity.HEADER, user);
    call.start(new Listener(address), headers);
    call.request(2);
    call.sendMessage(request);
    call.halfClose();
  }

  private void failed(String address, Status status, Metadata trailers) {
    StatusRuntimeException failure = status.asRuntimeException(trailers);
    Verdict verdict = Verdict.of(failure);
    String word = Errors.reason(failure).map(Enum::name).orElse(status.getCode().name());
    if (status.getCode() != Status.Code.DEADLINE_EXCEEDED || told == null) {
      // An attempt cut off by the end says less than what was answered before.
      told = word;
    }
    if (!verdict.repeatable()) {
      done.accept(new Outcome<>(null, word), retries);
      return;
    }
    destination.failed(address, verdict, status, trailers);
    long pause = wait;
    if (wait == 0) {
      wait = FIRST_WAIT;
      pause = verdict == Verdict.LATER || !destination.isDirect() ? wait : 0;
    } else {
      wait = Math.min(MAX_WAIT, wait * 2);
    }
    if (System.nanoTime() + pause >= deadline) {
      done.accept(new Outcome<>(null, "DEADLINE after " + told), retries);
      return;
    }
    retries++;
    if (pause == 0) {
      attempt();
    } else {
      loop.after(pause, this::attempt);
    }
  }

  private final class Listener extends ClientCall.Listener<A> {

    private final String address;
    private A answer;

    Listener(String address) {
      this.address = address;
    }

    @Override
    public void onMessage(A message) {
      answer = message;
    }

    @Override
    public void onClose(Status status, Metadata trailers) {
      if (status.isOk() && answer != null) {
        done.accept(new Outcome<>(answer, null), retries);
      } else {
        failed(address, status, trailers);
      }
    }
  }
}
