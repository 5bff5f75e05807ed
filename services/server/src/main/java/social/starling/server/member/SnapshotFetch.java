package social.starling.server.member;

import io.grpc.ManagedChannel;
import java.io.IOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.Iterator;
import java.util.concurrent.TimeUnit;
import social.starling.common.Channels;
import social.starling.common.Credential;
import social.starling.proto.replication.v1.FetchSnapshotRequest;
import social.starling.proto.replication.v1.ReplicationGrpc;
import social.starling.proto.replication.v1.SnapshotChunk;
import social.starling.server.storage.Installation;
import social.starling.server.storage.Volume;

/** Receives a full copy from the master, beside what the volume holds. */
final class SnapshotFetch {

  private static final long LIMIT_MINUTES = 60;

  private final String cluster;
  private final String member;
  private final Credential credential;

  SnapshotFetch(String cluster, String member, Credential credential) {
    this.cluster = cluster;
    this.member = member;
    this.credential = credential;
  }

  /**
   * The received copy, complete and checked, not yet in place.
   *
   * @throws IOException when it is not complete, or differs from what was sent
   */
  Installation fetch(String address, long epoch, Volume volume) throws Exception {
    if (address.isEmpty()) {
      throw new IOException("the master's address is not known");
    }
    Installation installation = volume.beginInstall();
    ManagedChannel channel = Channels.open(address, credential.clientInterceptor());
    try {
      Iterator<SnapshotChunk> chunks =
          ReplicationGrpc.newBlockingStub(channel)
              .withDeadlineAfter(LIMIT_MINUTES, TimeUnit.MINUTES)
              .fetchSnapshot(
                  FetchSnapshotRequest.newBuilder()
                      .setCluster(cluster)
                      .setMember(member)
                      .setEpoch(epoch)
                      .build());
      receive(chunks, installation);
      return installation;
    } catch (Exception e) {
      installation.close();
      throw e;
    } finally {
      channel.shutdownNow();
    }
  }

  private static void receive(Iterator<SnapshotChunk> chunks, Installation installation)
      throws IOException, NoSuchAlgorithmException {
    MessageDigest digest = MessageDigest.getInstance("SHA-256");
    long files = 0;
    while (chunks.hasNext()) {
      SnapshotChunk chunk = chunks.next();
      if (chunk.getLast()) {
        if (chunk.getFiles() != files
            || !Arrays.equals(chunk.getSha256().toByteArray(), digest.digest())) {
          throw new IOException("the copy differs from what was sent");
        }
        return;
      }
      if (!chunk.getPath().isEmpty()) {
        files++;
        installation.begin(chunk.getPath(), chunk.getSize());
      }
      digest.update(chunk.getData().asReadOnlyByteBuffer());
      if (!chunk.getData().isEmpty()) {
        installation.write(chunk.getData().asReadOnlyByteBuffer());
      }
    }
    throw new IOException("the copy ended in the middle");
  }
}
