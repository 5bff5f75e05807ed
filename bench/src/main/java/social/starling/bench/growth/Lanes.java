package social.starling.bench.growth;

import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Supplier;
import social.starling.client.StarlingClient;
import social.starling.client.Verdict;
import social.starling.common.Address;
import social.starling.common.Addresses;
import social.starling.common.Errors;
import social.starling.common.ExitCode;
import social.starling.common.Identity;
import social.starling.common.StartException;
import social.starling.proto.sns.v1.FollowRequest;
import social.starling.proto.sns.v1.GetTimelineRequest;
import social.starling.proto.sns.v1.LoginRequest;
import social.starling.proto.sns.v1.Page;
import social.starling.proto.sns.v1.PostRequest;
import social.starling.proto.sns.v1.Reason;
import social.starling.proto.sns.v1.SnsGrpc;
import social.starling.proto.sns.v1.WriteId;

/**
 * Calls side by side, straight to the members of one cluster: each lane begins its next call when
 * the last one was answered. A lane is one client of the servers, whoever the users are, so that
 * what they keep of clients stays small. Calls that may succeed later are repeated.
 *
 * <p>Thread-safe, but one {@link #run} at a time.
 */
final class Lanes implements AutoCloseable {

  private static final int CONNECTIONS = 4;
  private static final int PAGE = 20;
  private static final long PAUSE_MILLIS = 20;
  private static final int MOST_ATTEMPTS = 1_500;
  private static final long DEADLINE_SECONDS = 20;

  private static final MethodDescriptor<LoginRequest, Boolean> LOGIN =
      AnyAnswer.of(SnsGrpc.getLoginMethod());
  private static final MethodDescriptor<FollowRequest, Boolean> FOLLOW =
      AnyAnswer.of(SnsGrpc.getFollowMethod());
  private static final MethodDescriptor<PostRequest, Boolean> POST =
      AnyAnswer.of(SnsGrpc.getPostMethod());
  private static final MethodDescriptor<GetTimelineRequest, Boolean> TIMELINE =
      AnyAnswer.of(SnsGrpc.getGetTimelineMethod());

  private final List<String> addresses;
  private final Map<String, List<ManagedChannel>> channels = new HashMap<>();
  private final List<Lane> lanes = new ArrayList<>();
  private final AtomicInteger current = new AtomicInteger();
  private final LongAdder answered = new LongAdder();
  private final AtomicReference<StartException> failure = new AtomicReference<>();
  private final ScheduledExecutorService later =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon(true).name("lanes-later").factory());

  /**
   * @param addresses of the members, the master first
   * @param count of lanes, 1 or more
   */
  Lanes(List<String> addresses, int count) {
    this.addresses = List.copyOf(addresses);
    for (String address : addresses) {
      List<ManagedChannel> open = new ArrayList<>();
      for (int i = 0; i < CONNECTIONS; i++) {
        open.add(channel(Addresses.parse(address)));
      }
      channels.put(address, open);
    }
    for (int i = 0; i < count; i++) {
      lanes.add(new Lane(i));
    }
  }

  private static ManagedChannel channel(Address address) {
    return NettyChannelBuilder.forAddress(address.host(), address.port())
        .usePlaintext()
        .directExecutor()
        .disableRetry()
        .proxyDetector(ignored -> null)
        .build();
  }

  /** Answers so far. */
  long answered() {
    return answered.sum();
  }

  /**
   * Makes calls until there are no more; blocks.
   *
   * @param calls the next one, or null when there are no more; called by many threads
   * @return how many were answered
   * @throws StartException when a call failed for good
   */
  long run(Supplier<Call> calls) throws InterruptedException {
    long before = answered();
    CountDownLatch busy = new CountDownLatch(lanes.size());
    for (Lane lane : lanes) {
      lane.begin(calls, busy);
    }
    busy.await();
    if (failure.get() != null) {
      throw failure.get();
    }
    return answered() - before;
  }

  @Override
  public void close() {
    later.shutdownNow();
    channels.values().forEach(open -> open.forEach(ManagedChannel::shutdownNow));
  }

  /** One call after the other: whoever has its answer goes on. */
  private final class Lane {
    private final int number;
    private final String client = StarlingClient.newSession();
    private Supplier<Call> calls;
    private CountDownLatch busy;
    private long sequence;
    private int attempts;
    private Call call;

    Lane(int number) {
      this.number = number;
    }

    void begin(Supplier<Call> source, CountDownLatch counter) {
      calls = source;
      busy = counter;
      next();
    }

    private void next() {
      call = failure.get() == null ? calls.get() : null;
      if (call == null) {
        busy.countDown();
        return;
      }
      attempts = 0;
      if (!(call instanceof Call.Timeline)) {
        sequence++;
      }
      attempt();
    }

    private WriteId write() {
      return WriteId.newBuilder()
          .setClient(client)
          .setSequence(sequence)
          .setConfirmed(sequence - 1)
          .build();
    }

    private void attempt() {
      attempts++;
      switch (call) {
        case Call.Login _ -> send(LOGIN, LoginRequest.newBuilder().setWrite(write()).build());
        case Call.Follow(String _, String author) ->
            send(FOLLOW, FollowRequest.newBuilder().setWrite(write()).setName(author).build());
        case Call.Post(String _, String text) ->
            send(POST, PostRequest.newBuilder().setWrite(write()).setText(text).build());
        case Call.Timeline _ ->
            send(
                TIMELINE,
                GetTimelineRequest.newBuilder().setPage(Page.newBuilder().setLimit(PAGE)).build());
      }
    }

    private <Q> void send(MethodDescriptor<Q, Boolean> method, Q request) {
      int at = current.get();
      ClientCall<Q, Boolean> sent =
          channels
              .get(addresses.get(at))
              .get(number % CONNECTIONS)
              .newCall(
                  method,
                  CallOptions.DEFAULT.withDeadlineAfter(DEADLINE_SECONDS, TimeUnit.SECONDS));
      Metadata headers = new Metadata();
      headers.put(Identity.HEADER, call.user());
      sent.start(
          new ClientCall.Listener<>() {
            @Override
            public void onClose(Status status, Metadata trailers) {
              if (status.isOk()) {
                answered.increment();
                next();
              } else {
                failed(at, status.asRuntimeException(trailers));
              }
            }
          },
          headers);
      sent.request(2);
      sent.sendMessage(request);
      sent.halfClose();
    }

    private void failed(int at, StatusRuntimeException why) {
      Verdict verdict = Verdict.of(why);
      if (Errors.reason(why).filter(Reason.ALREADY_FOLLOWING::equals).isPresent()) {
        answered.increment();
        next();
      } else if (verdict.repeatable() && attempts < MOST_ATTEMPTS) {
        if (verdict != Verdict.LATER) {
          current.compareAndSet(at, (at + 1) % addresses.size());
        }
        later.schedule(this::attempt, PAUSE_MILLIS, TimeUnit.MILLISECONDS);
      } else {
        failure.compareAndSet(
            null,
            new StartException(
                ExitCode.FAILED,
                "%s failed: %s; the servers' logs may tell why".formatted(call, why.getStatus()),
                why));
        next();
      }
    }
  }
}
