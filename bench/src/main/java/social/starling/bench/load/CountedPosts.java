package social.starling.bench.load;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.WireFormat;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import java.io.IOException;
import java.io.InputStream;
import social.starling.proto.sns.v1.GetTimelineResponse;
import social.starling.proto.sns.v1.PostResponse;

/**
 * Reads an answer no further than to count its posts: making twenty objects of each timeline would
 * cost the generator as much as sending it costs the server. Stateless.
 */
final class CountedPosts implements MethodDescriptor.Marshaller<Integer> {

  static {
    // Both kinds of answer have their posts in the same field.
    if (PostResponse.POST_FIELD_NUMBER != GetTimelineResponse.POSTS_FIELD_NUMBER) {
      throw new IllegalStateException("posts have different numbers in the answers");
    }
  }

  private CountedPosts() {}

  /** The same method, its answer counted. */
  static <Q> MethodDescriptor<Q, Integer> of(MethodDescriptor<Q, ?> method) {
    return method.toBuilder(method.getRequestMarshaller(), new CountedPosts()).build();
  }

  @Override
  public Integer parse(InputStream stream) {
    int posts = 0;
    try {
      CodedInputStream in = CodedInputStream.newInstance(stream);
      for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
        if (WireFormat.getTagFieldNumber(tag) == GetTimelineResponse.POSTS_FIELD_NUMBER) {
          posts++;
        }
        in.skipField(tag);
      }
      return posts;
    } catch (IOException e) {
      throw Status.INTERNAL
          .withDescription("the answer is no valid message")
          .withCause(e)
          .asRuntimeException();
    }
  }

  @Override
  public InputStream stream(Integer value) {
    throw new UnsupportedOperationException("answers are only read");
  }
}
