package social.starling.server.member;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import social.starling.proto.coordinator.v1.Expand;
import social.starling.proto.coordinator.v1.Handover;
import social.starling.proto.coordinator.v1.InSyncMember;
import social.starling.proto.coordinator.v1.Promote;
import social.starling.proto.coordinator.v1.ReconfigureRequest;
import social.starling.proto.coordinator.v1.Shrink;
import social.starling.proto.replication.v1.LinkMessage;
import social.starling.replication.Configuration;
import social.starling.replication.Entry;
import social.starling.replication.Message;
import social.starling.replication.Request;
import social.starling.replication.RequestId;

/** Between the records of the replication rules and the messages on the wire. */
final class Wire {

  /** The newest format of entries and requests that this version writes and reads. */
  static final int FORMAT = 1;

  /** The oldest that it still reads. */
  static final int OLDEST_FORMAT = 1;

  private Wire() {}

  /**
   * @param full whether this member's volume is almost full, as a slave tells its master
   */
  static LinkMessage toProto(Message message, boolean full) {
    LinkMessage.Builder out = LinkMessage.newBuilder();
    switch (message) {
      case Message.Append append -> out.setAppend(toProto(append));
      case Message.Ack ack ->
          out.setAck(
              social.starling.proto.replication.v1.Ack.newBuilder()
                  .setEpoch(ack.epoch())
                  .setVolume(ack.volume())
                  .setInstance(ack.instance())
                  .setVerifiedIndex(ack.verifiedIndex())
                  .setSentAt(ack.sentAt())
                  .setMismatch(ack.mismatch())
                  .setHintIndex(ack.hintIndex())
                  .setHintEpoch(ack.hintEpoch())
                  .setFull(full));
      case Message.SnapshotNeeded(long epoch, String volume) ->
          out.setSnapshotNeeded(
              social.starling.proto.replication.v1.SnapshotNeeded.newBuilder()
                  .setEpoch(epoch)
                  .setVolume(volume));
      case Message.Resign(long epoch) ->
          out.setResign(social.starling.proto.replication.v1.Resign.newBuilder().setEpoch(epoch));
      case Message.Leaving(long epoch, String volume, String instance) ->
          out.setLeaving(
              social.starling.proto.replication.v1.Leaving.newBuilder()
                  .setEpoch(epoch)
                  .setVolume(volume)
                  .setInstance(instance));
    }
    return out.build();
  }

  private static social.starling.proto.replication.v1.Append toProto(Message.Append append) {
    var out =
        social.starling.proto.replication.v1.Append.newBuilder()
            .setEpoch(append.epoch())
            .setInstance(append.instance())
            .setPreviousIndex(append.previousIndex())
            .setPreviousEpoch(append.previousEpoch())
            .setEndIndex(append.endIndex())
            .setCommitIndex(append.commitIndex())
            .setSentAt(append.sentAt());
    for (Entry entry : append.entries()) {
      out.addEntries(toProto(entry));
    }
    return out.build();
  }

  private static social.starling.proto.replication.v1.Entry toProto(Entry entry) {
    return social.starling.proto.replication.v1.Entry.newBuilder()
        .setIndex(entry.index())
        .setEpoch(entry.epoch())
        .setClient(entry.requestId().client())
        .setSequence(entry.requestId().sequence())
        .setTimeMillis(entry.timeMillis())
        .setId(entry.id())
        // Entries are immutable by contract, so the bytes need no copy.
        .setRequest(UnsafeByteOperations.unsafeWrap(entry.request()))
        .build();
  }

  /**
   * The message, or null for a kind that this version does not know.
   *
   * @throws IllegalArgumentException when the message is malformed
   */
  static Message fromProto(LinkMessage in) {
    return switch (in.getMessageCase()) {
      case APPEND -> fromProto(in.getAppend());
      case ACK -> {
        var ack = in.getAck();
        yield new Message.Ack(
            ack.getEpoch(),
            ack.getVolume(),
            ack.getInstance(),
            ack.getVerifiedIndex(),
            ack.getSentAt(),
            ack.getMismatch(),
            ack.getHintIndex(),
            ack.getHintEpoch());
      }
      case SNAPSHOT_NEEDED ->
          new Message.SnapshotNeeded(
              in.getSnapshotNeeded().getEpoch(), in.getSnapshotNeeded().getVolume());
      case RESIGN -> new Message.Resign(in.getResign().getEpoch());
      case LEAVING ->
          new Message.Leaving(
              in.getLeaving().getEpoch(),
              in.getLeaving().getVolume(),
              in.getLeaving().getInstance());
      case HELLO, MESSAGE_NOT_SET -> null;
    };
  }

  private static Message.Append fromProto(social.starling.proto.replication.v1.Append in) {
    List<Entry> entries = new ArrayList<>(in.getEntriesCount());
    long index = in.getPreviousIndex();
    for (var each : in.getEntriesList()) {
      index++;
      if (each.getIndex() != index) {
        throw new IllegalArgumentException(
            "entry " + each.getIndex() + " stands where entry " + index + " belongs");
      }
      ByteString request = each.getRequest();
      entries.add(
          new Entry(
              index,
              each.getEpoch(),
              each.getClient().isEmpty()
                  ? RequestId.NONE
                  : new RequestId(each.getClient(), each.getSequence()),
              each.getTimeMillis(),
              each.getId(),
              request.toByteArray()));
    }
    return new Message.Append(
        in.getEpoch(),
        in.getInstance(),
        in.getPreviousIndex(),
        in.getPreviousEpoch(),
        entries,
        in.getEndIndex(),
        in.getCommitIndex(),
        in.getSentAt());
  }

  static Configuration fromProto(social.starling.proto.coordinator.v1.Configuration in) {
    Map<String, String> inSync = new HashMap<>();
    for (InSyncMember each : in.getInSyncList()) {
      inSync.put(each.getMember(), each.getVolume());
    }
    return new Configuration(
        in.getEpoch(),
        in.getMaster(),
        in.getMasterInstance(),
        inSync,
        in.getReleased(),
        in.getPreviousMaster(),
        in.getPreviousInstance());
  }

  static ReconfigureRequest toProto(
      Request request, String cluster, String self, String peer, String volume, String instance) {
    ReconfigureRequest.Builder out =
        ReconfigureRequest.newBuilder()
            .setCluster(cluster)
            .setEpoch(request.epoch())
            .setMember(self)
            .setVolume(volume)
            .setInstance(instance);
    switch (request) {
      case Request.Promote _ -> out.setPromote(Promote.getDefaultInstance());
      case Request.Shrink _ -> out.setShrink(Shrink.getDefaultInstance());
      case Request.Expand(long _, String peerVolume) ->
          out.setExpand(Expand.newBuilder().setPeer(peer).setPeerVolume(peerVolume));
      case Request.Handover(long _, String peerInstance) ->
          out.setHandover(Handover.newBuilder().setPeer(peer).setPeerInstance(peerInstance));
    }
    return out.build();
  }
}
