package social.starling.coordinator;

import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import social.starling.proto.coordinator.v1.ClusterMap;
import social.starling.proto.coordinator.v1.CoordinationGrpc.CoordinationImplBase;
import social.starling.proto.coordinator.v1.CoordinatorMessage;
import social.starling.proto.coordinator.v1.Hello;
import social.starling.proto.coordinator.v1.MemberMessage;
import social.starling.proto.coordinator.v1.ReconfigureRequest;
import social.starling.proto.coordinator.v1.ReconfigureResponse;
import social.starling.proto.coordinator.v1.SynchronizerHello;
import social.starling.proto.coordinator.v1.SynchronizerMessage;
import social.starling.proto.coordinator.v1.WatchMapRequest;

/** What servers, synchronizers and routers ask. Thread-safe. */
final class CoordinationService extends CoordinationImplBase {

  /** More than a cluster that is well sends in minutes; a few kilobytes. */
  private static final int SESSION_CAPACITY = 128;

  private final Registry registry;
  private final Sessions sessions;
  private final Synchronizers synchronizers;
  private final MapWatchers watchers;
  private final CoordinatorMetrics metrics;

  CoordinationService(
      Registry registry,
      Sessions sessions,
      Synchronizers synchronizers,
      MapWatchers watchers,
      CoordinatorMetrics metrics) {
    this.registry = registry;
    this.sessions = sessions;
    this.synchronizers = synchronizers;
    this.watchers = watchers;
    this.metrics = metrics;
  }

  @Override
  public StreamObserver<MemberMessage> session(StreamObserver<CoordinatorMessage> member) {
    ServerCallStreamObserver<CoordinatorMessage> stream =
        (ServerCallStreamObserver<CoordinatorMessage>) member;
    Outbox<CoordinatorMessage> outbox = new Outbox<>(stream, SESSION_CAPACITY);
    Sessions.Session session;
    try {
      session = sessions.greet(outbox);
    } catch (Refusal e) {
      throw Statuses.of(e);
    }
    stream.setOnCancelHandler(() -> sessions.ended(session));
    stream.setOnCloseHandler(() -> sessions.ended(session));
    return new Incoming(session, outbox);
  }

  @Override
  public void reconfigure(ReconfigureRequest request, StreamObserver<ReconfigureResponse> caller) {
    Statuses.answer(caller, () -> metrics.reconfigured(request, registry::reconfigure));
  }

  @Override
  public void watchMap(WatchMapRequest request, StreamObserver<ClusterMap> watcher) {
    ServerCallStreamObserver<ClusterMap> stream = (ServerCallStreamObserver<ClusterMap>) watcher;
    Outbox<ClusterMap> outbox = new Outbox<>(stream, 1);
    stream.setOnCancelHandler(() -> watchers.remove(outbox));
    stream.setOnCloseHandler(() -> watchers.remove(outbox));
    try {
      watchers.add(outbox);
    } catch (Refusal e) {
      outbox.close(Statuses.of(e));
    }
  }

  @Override
  public StreamObserver<SynchronizerMessage> synchronizerSession(
      StreamObserver<ClusterMap> synchronizer) {
    ServerCallStreamObserver<ClusterMap> stream =
        (ServerCallStreamObserver<ClusterMap>) synchronizer;
    Outbox<ClusterMap> outbox = new Outbox<>(stream, 1);
    Synchronizers.Session session;
    try {
      session = synchronizers.greet(outbox);
    } catch (Refusal e) {
      throw Statuses.of(e);
    }
    FromSynchronizer incoming = new FromSynchronizer(session);
    stream.setOnCancelHandler(incoming::end);
    stream.setOnCloseHandler(incoming::end);
    return incoming;
  }

  /** What a synchronizer sends: one call at a time, in order. */
  private final class FromSynchronizer implements StreamObserver<SynchronizerMessage> {

    private final Synchronizers.Session session;
    private boolean greeted;

    FromSynchronizer(Synchronizers.Session session) {
      this.session = session;
    }

    @Override
    public void onNext(SynchronizerMessage message) {
      try {
        switch (message.getMessageCase()) {
          case HELLO -> hello(message.getHello());
          case STATUS -> {
            if (!greeted) {
              throw invalid("a session begins with a Hello");
            }
            Bounds.check(message.getStatus());
            synchronizers.heard(session, message.getStatus());
          }
          case MESSAGE_NOT_SET -> {
            // A kind that only a newer synchronizer knows.
          }
        }
      } catch (Refusal e) {
        session.outbox().close(Statuses.of(e));
        end();
      }
    }

    private void hello(SynchronizerHello hello) {
      if (greeted) {
        throw invalid("a session has one Hello");
      }
      greeted = true;
      Bounds.check(hello);
      synchronizers.open(session, hello, name -> registry.cluster(name).isPresent());
      watchers.add(session.outbox());
    }

    void end() {
      watchers.remove(session.outbox());
      synchronizers.ended(session);
    }

    @Override
    public void onError(Throwable failure) {
      end();
    }

    @Override
    public void onCompleted() {
      session.outbox().complete();
      end();
    }
  }

  private static Refusal invalid(String sentence) {
    return new Refusal(Refusal.Kind.INVALID, sentence);
  }

  /** What a member sends: one call at a time, in order. */
  private final class Incoming implements StreamObserver<MemberMessage> {

    private final Sessions.Session session;
    private final Outbox<CoordinatorMessage> outbox;
    private boolean greeted;

    Incoming(Sessions.Session session, Outbox<CoordinatorMessage> outbox) {
      this.session = session;
      this.outbox = outbox;
    }

    @Override
    public void onNext(MemberMessage message) {
      try {
        switch (message.getMessageCase()) {
          case HELLO -> hello(message.getHello());
          case STATUS -> {
            if (!greeted) {
              throw invalid("a session begins with a Hello");
            }
            Bounds.check(message.getStatus());
            sessions.heard(session, message.getStatus());
          }
          case MESSAGE_NOT_SET -> {
            // A kind that only a newer member knows.
          }
        }
      } catch (Refusal | StoreException e) {
        outbox.close(Statuses.of(e));
        sessions.ended(session);
      }
    }

    private void hello(Hello hello) {
      if (greeted) {
        throw invalid("a session has one Hello");
      }
      greeted = true;
      registry.admit(hello);
      sessions.open(session, hello, registry::cluster);
    }

    @Override
    public void onError(Throwable failure) {
      sessions.ended(session);
    }

    @Override
    public void onCompleted() {
      outbox.complete();
      sessions.ended(session);
    }
  }
}
