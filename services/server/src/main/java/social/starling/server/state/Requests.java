package social.starling.server.state;

import com.google.protobuf.InvalidProtocolBufferException;
import java.nio.charset.StandardCharsets;
import social.starling.proto.journal.v1.Request;
import social.starling.replication.Entry;

/** Reads requests and tells one content from another. */
final class Requests {

  private Requests() {}

  static Request parse(Entry entry) {
    Request request;
    try {
      request = Request.parseFrom(entry.request());
    } catch (InvalidProtocolBufferException e) {
      throw new UnappliableException("entry %s of the journal is not readable".formatted(entry), e);
    }
    if (request.getBodyCase() == Request.BodyCase.BODY_NOT_SET) {
      throw new UnappliableException(
          "entry %s of the journal holds a request that this version does not know; update it"
              .formatted(entry));
    }
    return request;
  }

  /** Hash of what is asked: everything but {@code confirmed}, which a repeat may raise. */
  static long hash(Request request) {
    long hash = Hash.add(request.getBodyCase().getNumber(), utf8(request.getUser()));
    return switch (request.getBodyCase()) {
      case LOGIN -> hash;
      // The position is the master's, no part of what was asked: a retry may carry another one.
      case FOLLOW -> Hash.add(hash, utf8(request.getFollow().getName()));
      case UNFOLLOW -> Hash.add(hash, utf8(request.getUnfollow().getName()));
      case POST -> Hash.add(hash, request.getPost().getTextBytes().toByteArray());
      case DELETE -> Hash.add(hash, request.getDelete().getId());
      case EXPIRE_ANSWERS -> Hash.add(hash, request.getExpireAnswers().getBeforeMillis());
      case RECEIVED -> Hash.add(hash, request.getReceived().toByteArray());
      case OWN_SLOTS -> Hash.add(hash, request.getOwnSlots().toByteArray());
      case BODY_NOT_SET -> throw new UnappliableException("the request is empty");
    };
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
