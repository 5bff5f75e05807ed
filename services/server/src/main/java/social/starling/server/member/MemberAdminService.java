package social.starling.server.member;

import com.google.protobuf.ByteString;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.BitSet;
import java.util.HexFormat;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import social.starling.common.Errors;
import social.starling.proto.journal.v1.Answer;
import social.starling.proto.journal.v1.OwnSlots;
import social.starling.proto.journal.v1.Request;
import social.starling.proto.replication.v1.DigestRequest;
import social.starling.proto.replication.v1.DigestResponse;
import social.starling.proto.replication.v1.FileDigest;
import social.starling.proto.replication.v1.HandoverRequest;
import social.starling.proto.replication.v1.HandoverResponse;
import social.starling.proto.replication.v1.MemberAdminGrpc;
import social.starling.proto.replication.v1.ReleaseSlotsRequest;
import social.starling.proto.replication.v1.ReleaseSlotsResponse;
import social.starling.proto.sns.v1.Reason;
import social.starling.replication.RequestId;
import social.starling.server.storage.Digest;
import social.starling.server.storage.Volume;

/** What operators ask of one member. */
public final class MemberAdminService extends MemberAdminGrpc.MemberAdminImplBase {

  private static final Duration HANDOVER_LIMIT = Duration.ofSeconds(3);

  private final Logger log = LoggerFactory.getLogger(MemberAdminService.class);
  private final MemberSettings settings;
  private final Member member;
  private final Volume volume;

  public MemberAdminService(MemberSettings settings, Member member, Volume volume) {
    this.settings = settings;
    this.member = member;
    this.volume = volume;
  }

  @Override
  public void handover(HandoverRequest request, StreamObserver<HandoverResponse> out) {
    try {
      var problem = member.handover(HANDOVER_LIMIT);
      out.onNext(
          HandoverResponse.newBuilder()
              .setDone(problem.isEmpty())
              .setMessage(problem.orElse("handed over"))
              .build());
      out.onCompleted();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      out.onError(Status.UNAVAILABLE.withDescription("stopping").asRuntimeException());
    }
  }

  @Override
  public void releaseSlots(ReleaseSlotsRequest request, StreamObserver<ReleaseSlotsResponse> out) {
    BitSet asked;
    try {
      asked = SlotTaking.fromProto(request.getSlots());
    } catch (IllegalArgumentException e) {
      out.onError(invalid(e.getMessage()));
      return;
    }
    if (request.getVersion() <= 0) {
      out.onError(invalid("the version of the slot table is 0; name the next one"));
      return;
    }
    try {
      out.onNext(release(request.getVersion(), asked));
      out.onCompleted();
    } catch (StatusRuntimeException e) {
      out.onError(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      out.onError(Status.UNAVAILABLE.withDescription("stopping").asRuntimeException());
    }
  }

  private ReleaseSlotsResponse release(long version, BitSet asked) throws InterruptedException {
    Answer answer =
        member.write(
            RequestId.NONE,
            Request.newBuilder()
                .setOwnSlots(
                    OwnSlots.newBuilder().setVersion(version).setRelease(SlotTaking.toProto(asked)))
                .build());
    if (!answer.hasSlots()) {
      throw Status.FAILED_PRECONDITION
          .withDescription(
              "%s gave up no slot: %s".formatted(settings.member(), answer.getMessage()))
          .asRuntimeException();
    }
    // Whatever became of this very request: what is not owned now was given up, then or before.
    BitSet released = (BitSet) asked.clone();
    released.andNot(SlotTaking.fromProto(answer.getSlots().getBits()));
    BitSet used = member.state().usedSlots();
    log.atInfo()
        .addKeyValue("version", version)
        .addKeyValue("asked", asked.cardinality())
        .addKeyValue("released", released.cardinality())
        .log("slots are given up");
    return ReleaseSlotsResponse.newBuilder()
        .setReleased(SlotTaking.toProto(released).getBits())
        .setUsed(SlotTaking.toProto(used).getBits())
        .build();
  }

  private static StatusRuntimeException invalid(String sentence) {
    return Errors.of(Status.Code.INVALID_ARGUMENT, Reason.INVALID_REQUEST, sentence);
  }

  @Override
  public void digest(DigestRequest request, StreamObserver<DigestResponse> out) {
    try {
      Digest digest = volume.digest(request.getFiles());
      DigestResponse.Builder answer =
          DigestResponse.newBuilder()
              .setMember(settings.member())
              .setVolume(volume.id())
              .setEpoch(member.serving().epoch())
              .setAppliedIndex(digest.appliedIndex())
              .setTablesSha256(hex(digest.tables()))
              .setFilesSha256(hex(digest.files()))
              .addAllDamage(digest.damage());
      for (Digest.FileDigest file : digest.list()) {
        answer.addFiles(
            FileDigest.newBuilder()
                .setPath(file.path())
                .setSize(file.size())
                .setSha256(hex(file.sha256())));
      }
      out.onNext(answer.build());
      out.onCompleted();
    } catch (Exception e) {
      log.warn("the digest could not be made", e);
      out.onError(
          Status.UNAVAILABLE
              .withDescription(
                  "the digest of " + settings.member() + " could not be made: " + e.getMessage())
              .asRuntimeException());
    }
  }

  private static ByteString hex(String sha256) {
    return ByteString.copyFrom(HexFormat.of().parseHex(sha256));
  }
}
