package social.starling.bench.installation;

import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import social.starling.common.Channels;
import social.starling.common.ExitCode;
import social.starling.common.StartException;
import social.starling.proto.router.v1.LocateRequest;
import social.starling.proto.router.v1.RouterGrpc;

/** Makes up names of users by where they would live. */
public final class Residents {

  private static final int NAMES_TRIED = 100_000;
  private static final Duration DEADLINE = Duration.ofSeconds(10);

  private Residents() {}

  /**
   * New names whose home is a cluster.
   *
   * @param router address of a router, which is asked
   * @param kind begins each name: 1 to 8 letters
   * @throws StartException when the router does not answer, or sends nobody to that cluster
   */
  public static List<String> of(String router, String cluster, String kind, int count) {
    String prefix =
        kind + "_" + Long.toString(ThreadLocalRandom.current().nextLong(1L << 40), 36) + "_";
    List<String> found = new ArrayList<>();
    ManagedChannel channel = Channels.open(router);
    try {
      RouterGrpc.RouterBlockingStub asked = RouterGrpc.newBlockingStub(channel);
      for (int i = 0; found.size() < count && i < NAMES_TRIED; i++) {
        String name = prefix + i;
        if (asked
            .withDeadlineAfter(DEADLINE.toMillis(), TimeUnit.MILLISECONDS)
            .locate(LocateRequest.newBuilder().setUser(name).build())
            .getCluster()
            .equals(cluster)) {
          found.add(name);
        }
      }
    } catch (StatusRuntimeException e) {
      throw new StartException(
          ExitCode.FAILED,
          "the router at %s does not answer (%s)".formatted(router, e.getStatus()),
          e);
    } finally {
      channel.shutdownNow();
    }
    if (found.size() < count) {
      throw new StartException(ExitCode.FAILED, "no user's home is cluster " + cluster);
    }
    return found;
  }
}
