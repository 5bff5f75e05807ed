package social.starling.server.member;

import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import social.starling.common.Errors;
import social.starling.proto.sns.v1.Reason;
import social.starling.server.state.DamagedException;
import social.starling.server.storage.StorageException;

/** What failed below, as callers are told. */
public final class Failures {

  private Failures() {}

  /** A part of the volume cannot be read. */
  public static StatusRuntimeException of(DamagedException e) {
    return Errors.of(Code.DATA_LOSS, Reason.DAMAGED, e.getMessage());
  }

  /** The volume failed. */
  public static StatusRuntimeException of(StorageException e) {
    return switch (e.kind()) {
      case FULL -> Errors.of(Code.RESOURCE_EXHAUSTED, Reason.DISK_FULL, e.getMessage());
      case DAMAGED -> Errors.of(Code.DATA_LOSS, Reason.DAMAGED, e.getMessage());
      case FAILED, CLOSED ->
          Errors.of(
              Code.UNAVAILABLE,
              Reason.NOT_READY,
              "the volume cannot be read (" + e.getMessage() + "); try again");
    };
  }
}
