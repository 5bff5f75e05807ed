package social.starling.server;

import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import social.starling.common.Address;
import social.starling.common.Channels;
import social.starling.common.Credential;
import social.starling.common.ExitCode;
import social.starling.common.StartException;
import social.starling.proto.coordinator.v1.AdminGrpc;
import social.starling.proto.coordinator.v1.ClusterStatus;
import social.starling.proto.coordinator.v1.Configuration;
import social.starling.proto.coordinator.v1.GetStatusRequest;
import social.starling.proto.coordinator.v1.Hearing;
import social.starling.server.storage.Disk;
import social.starling.server.storage.Introduction;
import social.starling.server.storage.Volume;

/**
 * Opens a member's volume, also when its database is damaged. Then it is given up, for a full copy
 * of the other member, when
 *
 * <ol>
 *   <li>a coordinator says that nothing of this member is in sync, whatever its id was,
 *   <li>and that another member is master, which it hears.
 * </ol>
 *
 * <p>Since this process does not come back meanwhile, a master leaves it out within moments, and a
 * slave in sync takes over from it. What is the only copy in sync is never given up: a person
 * decides. See docs/operations.md.
 */
final class VolumeOpening {

  private static final long AGAIN_NANOS = TimeUnit.MILLISECONDS.toNanos(200);

  private final Logger log = LoggerFactory.getLogger(VolumeOpening.class);
  private final String cluster;
  private final String member;
  private final List<Address> coordinators;
  private final Credential credential;
  private final Duration patience;

  /**
   * @param patience how long the other member is waited for
   */
  VolumeOpening(
      String cluster,
      String member,
      List<Address> coordinators,
      Credential credential,
      Duration patience) {
    this.cluster = cluster;
    this.member = member;
    this.coordinators = coordinators;
    this.credential = credential;
    this.patience = patience;
  }

  /**
   * Opens it.
   *
   * @throws StartException as {@link Volume#open}, when it is damaged and cannot be given up; with
   *     exit code 3 when it is another cluster's: no coordinator must hear of it from this one
   */
  Volume open(Path directory, Disk disk) {
    Volume volume = openWhole(directory, disk);
    String owner = volume.introduction().map(Introduction::cluster).orElse(cluster);
    if (!owner.equals(cluster)) {
      volume.close();
      throw new StartException(
          ExitCode.REFUSED,
          "the volume %s belongs to cluster %s, not to cluster %s; choose another directory with --dir"
              .formatted(directory, owner, cluster));
    }
    return volume;
  }

  private Volume openWhole(Path directory, Disk disk) {
    try {
      return Volume.open(directory, disk);
    } catch (StartException e) {
      if (!Volume.isDamage(e)) {
        throw e;
      }
      log.error("{}", e.getMessage());
      List<ManagedChannel> channels =
          coordinators.stream()
              .map(each -> Channels.open(each, credential.clientInterceptor()))
              .toList();
      try {
        awaitOther(e, channels);
      } finally {
        channels.forEach(ManagedChannel::shutdownNow);
      }
      return reopen(directory, disk, e);
    }
  }

  private Volume reopen(Path directory, Disk disk, StartException damage) {
    try {
      Volume.discardAtNextOpening(directory, disk);
    } catch (IOException e) {
      throw new StartException(
          ExitCode.STORAGE,
          "%s. It could not be given up either: %s".formatted(damage.getMessage(), e.getMessage()),
          e);
    }
    log.warn("the damaged volume is given up; {} takes a full copy from the master", member);
    return Volume.open(directory, disk);
  }

  private void awaitOther(StartException damage, List<ManagedChannel> channels) {
    long deadline = System.nanoTime() + patience.toNanos();
    String why = "no coordinator has answered";
    while (System.nanoTime() - deadline < 0) {
      for (ManagedChannel coordinator : channels) {
        Optional<ClusterStatus> answer = ask(coordinator);
        if (answer.isEmpty()) {
          continue;
        }
        Configuration known = answer.get().getConfiguration();
        boolean counted =
            known.getInSyncList().stream().anyMatch(each -> each.getMember().equals(member));
        if (counted && known.getInSyncCount() == 1) {
          throw new StartException(
              ExitCode.STORAGE,
              ("%s. But not now: the coordinator records it as the only copy in sync of %s, so"
                      + " nothing is given up; restore it, or see 'A damaged database' in"
                      + " docs/operations.md")
                  .formatted(damage.getMessage(), cluster),
              damage);
        }
        boolean otherServes =
            known.getEpoch() > 0
                && !known.getMaster().equals(member)
                && answer.get().getMembersList().stream()
                    .anyMatch(each ->
                        each.getName().equals(known.getMaster())
                            && each.getHearing() == Hearing.HEARD);
        if (!counted && otherServes) {
          return;
        }
        why = counted ? "it is still recorded as in sync" : "no other master is heard";
      }
      LockSupport.parkNanos(AGAIN_NANOS);
    }
    throw new StartException(
        ExitCode.STORAGE,
        "%s. It was not given up by itself within %d s: %s"
            .formatted(damage.getMessage(), patience.toSeconds(), why),
        damage);
  }

  private Optional<ClusterStatus> ask(ManagedChannel coordinator) {
    try {
      return AdminGrpc.newBlockingStub(coordinator)
          .withDeadlineAfter(1, TimeUnit.SECONDS)
          .getStatus(GetStatusRequest.getDefaultInstance())
          .getClustersList()
          .stream()
          .filter(each -> each.getName().equals(cluster))
          .findFirst();
    } catch (StatusRuntimeException e) {
      log.atDebug()
          .addKeyValue("coordinator", coordinator.authority())
          .addKeyValue("status", e.getStatus().getCode())
          .log("no status");
      return Optional.empty();
    }
  }
}
