package social.starling.common;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.ForwardingClientCall.SimpleForwardingClientCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthGrpc;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.MessageDigest;
import social.starling.proto.sns.v1.Reason;

/**
 * The secret that the processes of an installation share: internal calls carry it. Immutable; its
 * text shows in no log.
 */
public final class Credential {

  /** Carries the credential. */
  public static final Metadata.Key<String> HEADER =
      Metadata.Key.of("starling-credential", Metadata.ASCII_STRING_MARSHALLER);

  private static final int MIN_LENGTH = 8;
  private static final int MAX_LENGTH = 4096;

  private final String text;

  private Credential(String text) {
    this.text = text;
  }

  /** A credential of 8 to 4,096 printable ASCII characters. */
  public static Credential of(String text) {
    if (text.length() < MIN_LENGTH || text.length() > MAX_LENGTH) {
      throw new IllegalArgumentException("it must have 8 to 4,096 characters");
    }
    if (!text.chars().allMatch(c -> c > ' ' && c < 0x7f)) {
      throw new IllegalArgumentException("it must be printable ASCII without spaces");
    }
    return new Credential(text);
  }

  /**
   * Reads a file: its contents without the white space around.
   *
   * @throws StartException when the file cannot be read or holds no credential
   */
  public static Credential read(Path file) {
    try {
      if (Files.size(file) > 2 * MAX_LENGTH) {
        throw new IllegalArgumentException("it must have 8 to 4,096 characters");
      }
      return of(new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1).strip());
    } catch (NoSuchFileException e) {
      throw new StartException(
          ExitCode.USAGE,
          "the credential file " + file + " does not exist; name another with --credential",
          e);
    } catch (IOException e) {
      throw new StartException(
          ExitCode.USAGE, "the credential file " + file + " cannot be read: " + reason(e), e);
    } catch (IllegalArgumentException e) {
      throw new StartException(
          ExitCode.USAGE, "the credential in " + file + " is not usable: " + e.getMessage(), e);
    }
  }

  /**
   * Refuses calls that do not carry this credential. Health checks pass: they tell nothing, and
   * those who probe have no credential.
   */
  public ServerInterceptor serverInterceptor() {
    return new Demand(text.getBytes(StandardCharsets.US_ASCII));
  }

  /** Puts this credential on each call. */
  public ClientInterceptor clientInterceptor() {
    return new Carry(text);
  }

  @Override
  public String toString() {
    return "credential of " + text.length() + " characters";
  }

  private static String reason(IOException e) {
    return e.getClass().getSimpleName().replace("Exception", "") + " (" + e.getMessage() + ")";
  }

  private static final class Demand implements ServerInterceptor {

    private final byte[] expected;

    Demand(byte[] expected) {
      this.expected = expected;
    }

    @Override
    public <Q, A> ServerCall.Listener<Q> interceptCall(
        ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
      String given = headers.get(HEADER);
      if (HealthGrpc.SERVICE_NAME.equals(call.getMethodDescriptor().getServiceName())
          || given != null
              && MessageDigest.isEqual(expected, given.getBytes(StandardCharsets.US_ASCII))) {
        return next.startCall(call, headers);
      }
      StatusRuntimeException refusal =
          Errors.of(
              Code.UNAUTHENTICATED,
              Reason.NOT_AUTHENTICATED,
              given == null
                  ? "this port is internal and the call carries no credential; set the metadata"
                      + " key starling-credential"
                  : "the credential of the call is not the one of this installation");
      call.close(refusal.getStatus(), refusal.getTrailers());
      return new ServerCall.Listener<>() {};
    }
  }

  private static final class Carry implements ClientInterceptor {

    private final String text;

    Carry(String text) {
      this.text = text;
    }

    @Override
    public <Q, A> ClientCall<Q, A> interceptCall(
        MethodDescriptor<Q, A> method, CallOptions options, Channel next) {
      return new SimpleForwardingClientCall<>(next.newCall(method, options)) {
        @Override
        public void start(Listener<A> listener, Metadata headers) {
          headers.put(HEADER, text);
          super.start(listener, headers);
        }
      };
    }
  }
}
