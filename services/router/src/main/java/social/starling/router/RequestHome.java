package social.starling.router;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.WireFormat;
import io.grpc.MethodDescriptor;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import social.starling.common.Limits;
import social.starling.proto.sns.v1.GetPostsRequest;
import social.starling.proto.sns.v1.SnsGrpc;

/**
 * Whose cluster serves a call: an author's posts are read where the author lives, for only that
 * cluster has them all; everything else is done where the acting user lives. Of the request only
 * the author is read, the rest goes on as it came.
 */
final class RequestHome {

  private static final int AUTHOR =
      GetPostsRequest.getDescriptor().findFieldByName("author").getNumber();

  private RequestHome() {}

  /**
   * The name of the user in whose cluster the call is served.
   *
   * @param user who acts; also the answer for a request that names no author in a valid way, which
   *     any cluster refuses with a sentence
   */
  static String of(MethodDescriptor<byte[], byte[]> method, byte[] request, String user) {
    if (!method.getFullMethodName().equals(SnsGrpc.getGetPostsMethod().getFullMethodName())) {
      return user;
    }
    try {
      return Limits.checkName(author(request));
    } catch (IOException | StatusRuntimeException e) {
      return user;
    }
  }

  // The last one counts when a field comes twice.
  private static String author(byte[] request) throws IOException {
    CodedInputStream input = CodedInputStream.newInstance(request);
    String author = "";
    for (int tag = input.readTag(); tag != 0; tag = input.readTag()) {
      if (tag == (AUTHOR << 3 | WireFormat.WIRETYPE_LENGTH_DELIMITED)) {
        author = input.readStringRequireUtf8();
      } else if (!input.skipField(tag)) {
        throw new IOException("the request ends within a group");
      }
    }
    return author;
  }
}
