package social.starling.bench.growth;

import io.grpc.MethodDescriptor;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;

/** Takes an answer without looking into it: what it costs to do so is not what is measured. */
final class AnyAnswer implements MethodDescriptor.Marshaller<Boolean> {

  private AnyAnswer() {}

  /** The same method; its answer is only that there is one. */
  static <Q> MethodDescriptor<Q, Boolean> of(MethodDescriptor<Q, ?> method) {
    return method.toBuilder(method.getRequestMarshaller(), new AnyAnswer()).build();
  }

  @Override
  public Boolean parse(InputStream stream) {
    try (stream) {
      stream.transferTo(OutputStream.nullOutputStream());
      return true;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public InputStream stream(Boolean value) {
    throw new UnsupportedOperationException("answers are only read");
  }
}
