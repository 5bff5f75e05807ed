package social.starling.router;

import io.grpc.Drainable;
import io.grpc.KnownLength;
import io.grpc.MethodDescriptor.Marshaller;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;

/** Messages as they are: what passes through is not read, and copied once on each side. */
final class RawMarshaller implements Marshaller<byte[]> {

  static final RawMarshaller RAW = new RawMarshaller();

  private RawMarshaller() {}

  @Override
  public InputStream stream(byte[] message) {
    return new Whole(message);
  }

  @Override
  public byte[] parse(InputStream stream) {
    try (stream) {
      // All of it, unless it is compressed.
      byte[] message = stream.readNBytes(stream.available());
      int next = stream.read();
      return next < 0 ? message : readOn(message, next, stream);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static byte[] readOn(byte[] message, int next, InputStream stream) throws IOException {
    ByteArrayOutputStream whole = new ByteArrayOutputStream();
    whole.write(message);
    whole.write(next);
    stream.transferTo(whole);
    return whole.toByteArray();
  }

  /** Gives its bytes away at once, where gRPC would take a buffer of 8 KiB to carry them. */
  private static final class Whole extends ByteArrayInputStream implements Drainable, KnownLength {

    Whole(byte[] message) {
      super(message);
    }

    @Override
    public int drainTo(OutputStream target) throws IOException {
      int length = available();
      target.write(buf, pos, length);
      pos += length;
      return length;
    }
  }
}
