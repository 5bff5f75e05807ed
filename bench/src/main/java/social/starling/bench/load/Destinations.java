package social.starling.bench.load;

import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import social.starling.common.Channels;
import social.starling.common.ExitCode;
import social.starling.common.Slots;
import social.starling.common.StartException;
import social.starling.proto.router.v1.LocateRequest;
import social.starling.proto.router.v1.LocateResponse;
import social.starling.proto.router.v1.Location;
import social.starling.proto.router.v1.RouterGrpc;

/** The destination of each simulated user's calls. Immutable; what it holds learns. */
final class Destinations {

  private static final long LOCATE_SECONDS = 30;

  private final Destination[] ofUser;

  private Destinations(Destination[] ofUser) {
    this.ofUser = ofUser;
  }

  Destination of(int user) {
    return ofUser[user];
  }

  /** Everything through one router. */
  static Destinations routed(String router, Population users) {
    return all(users, Destination.router(router));
  }

  /** The same for everyone. */
  static Destinations all(Population users, Destination destination) {
    Destination[] all = new Destination[users.size()];
    Arrays.fill(all, destination);
    return new Destinations(all);
  }

  /**
   * Straight to the members that a router names; it is asked once per slot.
   *
   * @throws StartException when it does not answer, or names nobody
   */
  static Destinations located(String router, Population users) {
    ManagedChannel channel = Channels.open(router);
    try {
      RouterGrpc.RouterBlockingStub stub = RouterGrpc.newBlockingStub(channel);
      Map<Integer, Destination> ofSlot = new HashMap<>();
      Map<String, Destination> ofCluster = new HashMap<>();
      Destination[] all = new Destination[users.size()];
      for (int user = 0; user < all.length; user++) {
        String name = users.name(user);
        all[user] =
            ofSlot.computeIfAbsent(
                Slots.of(name),
                slot -> {
                  LocateResponse found =
                      stub.withDeadlineAfter(LOCATE_SECONDS, TimeUnit.SECONDS)
                          .locate(LocateRequest.newBuilder().setUser(name).build());
                  return ofCluster.computeIfAbsent(found.getCluster(), c -> members(found));
                });
      }
      return new Destinations(all);
    } catch (StatusRuntimeException e) {
      throw new StartException(
          ExitCode.FAILED,
          "the router at %s does not say where users live (%s)".formatted(router, e.getStatus()),
          e);
    } finally {
      channel.shutdownNow();
    }
  }

  private static Destination members(LocateResponse found) {
    List<String> addresses = new ArrayList<>();
    int master = 0;
    for (Location member : found.getMembersList()) {
      if (!member.getAddress().isEmpty()) {
        if (member.getMaster()) {
          master = addresses.size();
        }
        addresses.add(member.getAddress());
      }
    }
    if (addresses.isEmpty()) {
      throw new StartException(
          ExitCode.FAILED,
          "the router knows no address of a member of cluster " + found.getCluster());
    }
    return Destination.members(addresses, master, found.getEpoch());
  }
}
