package social.starling.server.member;

import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import social.starling.common.Address;
import social.starling.common.Credential;
import social.starling.common.GrpcServer;
import social.starling.common.GrpcServers;
import social.starling.proto.coordinator.v1.Configuration;
import social.starling.proto.coordinator.v1.CoordinationGrpc;
import social.starling.proto.coordinator.v1.CoordinatorHeartbeat;
import social.starling.proto.coordinator.v1.CoordinatorMessage;
import social.starling.proto.coordinator.v1.Hearing;
import social.starling.proto.coordinator.v1.Hello;
import social.starling.proto.coordinator.v1.InSyncMember;
import social.starling.proto.coordinator.v1.MemberMessage;
import social.starling.proto.coordinator.v1.MemberStatus;
import social.starling.proto.coordinator.v1.Members;
import social.starling.proto.coordinator.v1.ReconfigureRequest;
import social.starling.proto.coordinator.v1.ReconfigureResponse;
import social.starling.proto.coordinator.v1.SlotRange;
import social.starling.proto.coordinator.v1.Suspicion;

/**
 * A coordinator of one cluster, in memory: compare-and-set on the epoch, sessions, suspicion of a
 * member whose session broke, slots. Can be made to say nothing. All state is guarded by this
 * object.
 */
final class TestCoordinator extends CoordinationGrpc.CoordinationImplBase implements AutoCloseable {

  /** The slots from one to another, the latter exclusive. */
  static List<SlotRange> slots(int from, int to) {
    return List.of(SlotRange.newBuilder().setFrom(from).setTo(to).build());
  }

  private final String cluster;
  private final int number;
  private List<String> names;
  private long membersVersion = 1;
  private final GrpcServer server;
  private final ScheduledExecutorService beats = Executors.newSingleThreadScheduledExecutor();
  private final Map<String, Incoming> sessions = new HashMap<>();
  private final Map<String, Hello> hellos = new HashMap<>();
  private final Map<String, MemberStatus> statuses = new HashMap<>();
  private Configuration current;
  private List<SlotRange> slots;
  private long slotsVersion = 1;
  private boolean silent;
  private int asked;

  TestCoordinator(Credential credential, String cluster, int number, List<SlotRange> slots) {
    this.cluster = cluster;
    this.number = number;
    this.slots = slots;
    names = List.of(cluster + "-1", cluster + "-2");
    current = Configuration.newBuilder().setCluster(cluster).build();
    server = GrpcServers.internalServer("127.0.0.1", 0, credential, this);
    beats.scheduleWithFixedDelay(this::beat, 50, 50, TimeUnit.MILLISECONDS);
  }

  Address address() {
    return new Address("127.0.0.1", server.port());
  }

  synchronized Configuration current() {
    return current;
  }

  synchronized MemberStatus status(String member) {
    return statuses.getOrDefault(member, MemberStatus.getDefaultInstance());
  }

  /** What the member said when it was heard first, this time. */
  synchronized Hello hello(String member) {
    return hellos.getOrDefault(member, Hello.getDefaultInstance());
  }

  /** The slot table changes. */
  synchronized void deal(long version, List<SlotRange> dealt) {
    slotsVersion = version;
    slots = dealt;
    List.copyOf(sessions.keySet()).forEach(each -> send(each, members()));
  }

  /** Another member takes the place of one that is not in sync. */
  synchronized void replace(String member, String other) {
    names = names.stream().map(name -> name.equals(member) ? other : name).toList();
    membersVersion++;
    sessions.remove(member);
    List.copyOf(sessions.keySet()).forEach(each -> send(each, members()));
  }

  /** Accepts everything and says nothing from now on, or speaks again. */
  synchronized void silent(boolean says) {
    silent = says;
  }

  /** Requests that arrived so far. */
  synchronized int asked() {
    return asked;
  }

  @Override
  public void reconfigure(ReconfigureRequest request, StreamObserver<ReconfigureResponse> caller) {
    ReconfigureResponse answer;
    synchronized (this) {
      asked++;
      if (silent) {
        return;
      }
      String refusal = decide(request);
      answer =
          ReconfigureResponse.newBuilder()
              .setConfiguration(current)
              .setExecuted(refusal.isEmpty())
              .setRefusal(refusal)
              .build();
    }
    caller.onNext(answer);
    caller.onCompleted();
  }

  private String decide(ReconfigureRequest request) {
    if (request.getEpoch() != current.getEpoch()) {
      return "not the current epoch";
    }
    Map<String, String> set = new TreeMap<>();
    current.getInSyncList().forEach(each -> set.put(each.getMember(), each.getVolume()));
    if (!request.getVolume().equals(set.get(request.getMember()))) {
      return "not in sync with this volume";
    }
    boolean master = current.getMaster().equals(request.getMember());
    Map<String, String> alone = Map.of(request.getMember(), request.getVolume());
    switch (request.getChangeCase()) {
      case PROMOTE -> become(request.getMember(), request.getInstance(), alone, false);
      case SHRINK -> {
        if (!master) {
          return "not the master";
        }
        become(request.getMember(), request.getInstance(), alone, false);
      }
      case EXPAND -> {
        if (!master || set.size() > 1) {
          return "not to be expanded";
        }
        set.put(request.getExpand().getPeer(), request.getExpand().getPeerVolume());
        become(request.getMember(), request.getInstance(), set, false);
      }
      case HANDOVER -> {
        if (!master || set.size() < 2) {
          return "nobody to hand over to";
        }
        become(request.getHandover().getPeer(), request.getHandover().getPeerInstance(), set, true);
      }
      case CHANGE_NOT_SET -> {
        return "no change";
      }
    }
    return "";
  }

  /** A person, or another process of the master, has asked for a new epoch. */
  synchronized void become(String master, String instance, Map<String, String> inSync) {
    become(master, instance, inSync, false);
  }

  private void become(
      String master, String instance, Map<String, String> inSync, boolean released) {
    Configuration.Builder next =
        Configuration.newBuilder()
            .setCluster(cluster)
            .setEpoch(current.getEpoch() + 1)
            .setMaster(master)
            .setMasterInstance(instance)
            .setReleased(released)
            .setPreviousMaster(current.getMaster())
            .setPreviousInstance(current.getMasterInstance());
    new TreeMap<>(inSync)
        .forEach((name, volume) ->
            next.addInSync(InSyncMember.newBuilder().setMember(name).setVolume(volume)));
    current = next.build();
    sessions.keySet().forEach(each -> send(each, configuration()));
  }

  @Override
  public StreamObserver<MemberMessage> session(StreamObserver<CoordinatorMessage> out) {
    return new Incoming(out);
  }

  private final class Incoming implements StreamObserver<MemberMessage> {
    private final StreamObserver<CoordinatorMessage> out;
    private String member;

    Incoming(StreamObserver<CoordinatorMessage> out) {
      this.out = out;
    }

    @Override
    public void onNext(MemberMessage message) {
      synchronized (TestCoordinator.this) {
        if (message.hasStatus()) {
          if (member == null) {
            out.onError(Status.INVALID_ARGUMENT.withDescription("no hello").asRuntimeException());
            return;
          }
          statuses.put(member, message.getStatus());
          return;
        }
        Hello hello = message.getHello();
        member = hello.getMember();
        sessions.put(member, this);
        hellos.put(member, hello);
        if (current.getEpoch() == 0) {
          become(member, hello.getInstance(), Map.of(member, hello.getVolume()), false);
        } else {
          send(member, configuration());
        }
        List.copyOf(sessions.keySet()).forEach(each -> send(each, members()));
        for (String other : names) {
          if (!other.equals(member)) {
            send(other, suspicion(member, Hearing.HEARD));
            send(member, suspicion(other, heard(other)));
          }
        }
      }
    }

    @Override
    public void onError(Throwable failure) {
      over();
    }

    @Override
    public void onCompleted() {
      over();
    }

    private void over() {
      synchronized (TestCoordinator.this) {
        if (member != null && sessions.remove(member, this)) {
          List.copyOf(sessions.keySet())
              .forEach(each -> send(each, suspicion(member, Hearing.SUSPECTED)));
        }
      }
    }
  }

  private Hearing heard(String member) {
    if (sessions.containsKey(member)) {
      return Hearing.HEARD;
    }
    return hellos.containsKey(member) ? Hearing.SUSPECTED : Hearing.HEARING_UNSPECIFIED;
  }

  private CoordinatorMessage configuration() {
    return CoordinatorMessage.newBuilder().setConfiguration(current).build();
  }

  private CoordinatorMessage members() {
    Members.Builder members =
        Members.newBuilder()
            .setCluster(cluster)
            .setNumber(number)
            .addAllSlots(slots)
            .setSlotsVersion(slotsVersion)
            .setMembersVersion(membersVersion);
    for (String name : names) {
      Hello hello = hellos.getOrDefault(name, Hello.getDefaultInstance());
      members.addMembers(
          social.starling.proto.coordinator.v1.Member.newBuilder()
              .setName(name)
              .setInstance(hello.getInstance())
              .setPublicAddress(hello.getPublicAddress())
              .setInternalAddress(hello.getInternalAddress()));
    }
    return CoordinatorMessage.newBuilder().setMembers(members).build();
  }

  private static CoordinatorMessage suspicion(String member, Hearing hearing) {
    return CoordinatorMessage.newBuilder()
        .setSuspicion(Suspicion.newBuilder().setMember(member).setHearing(hearing))
        .build();
  }

  private synchronized void beat() {
    CoordinatorMessage beat =
        CoordinatorMessage.newBuilder()
            .setHeartbeat(CoordinatorHeartbeat.getDefaultInstance())
            .build();
    new ArrayList<>(sessions.keySet()).forEach(each -> send(each, beat));
  }

  private void send(String member, CoordinatorMessage message) {
    Incoming session = sessions.get(member);
    if (session == null || silent) {
      return;
    }
    try {
      session.out.onNext(message);
    } catch (RuntimeException e) {
      // The stream has ended: its end is told in a moment.
    }
  }

  @Override
  public void close() {
    beats.shutdownNow();
    server.close();
  }
}
