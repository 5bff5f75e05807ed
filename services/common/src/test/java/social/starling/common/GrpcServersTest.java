package social.starling.common;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientInterceptor;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.reflection.v1.ServerReflectionGrpc;
import io.grpc.reflection.v1.ServerReflectionRequest;
import io.grpc.reflection.v1.ServerReflectionResponse;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import social.starling.proto.sns.v1.ListUsersRequest;
import social.starling.proto.sns.v1.ListUsersResponse;
import social.starling.proto.sns.v1.Post;
import social.starling.proto.sns.v1.PostRequest;
import social.starling.proto.sns.v1.PostResponse;
import social.starling.proto.sns.v1.Reason;
import social.starling.proto.sns.v1.SnsGrpc;

class GrpcServersTest {

  private static final Credential CREDENTIAL = Credential.of("open-sesame");

  private final List<AutoCloseable> open = new ArrayList<>();
  private final CountDownLatch mayAnswer = new CountDownLatch(1);

  /** Answers with the acting user and the length of the text. */
  private final class Sns extends SnsGrpc.SnsImplBase {

    @Override
    public void post(PostRequest request, StreamObserver<PostResponse> answer) {
      switch (request.getText()) {
        case "throw" -> throw new IllegalStateException("secret detail");
        case "refuse" ->
            throw Errors.of(Code.NOT_FOUND, Reason.USER_UNKNOWN, "there is nobody of that name");
        case "onError" -> answer.onError(new IllegalStateException("secret detail"));
        case "answer, then throw" -> {
          answer.onNext(PostResponse.getDefaultInstance());
          answer.onCompleted();
          throw new IllegalStateException("too late");
        }
        default -> {
          String author = Identity.USER.get() == null ? "nobody" : Identity.USER.get();
          Post post = Post.newBuilder().setAuthor(author).setId(request.getText().length()).build();
          answer.onNext(PostResponse.newBuilder().setPost(post).build());
          answer.onCompleted();
        }
      }
    }

    @Override
    public void listUsers(ListUsersRequest request, StreamObserver<ListUsersResponse> answer) {
      try {
        mayAnswer.await();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
      answer.onNext(ListUsersResponse.getDefaultInstance());
      answer.onCompleted();
    }
  }

  @AfterEach
  void close() throws Exception {
    mayAnswer.countDown();
    for (AutoCloseable closeable : open.reversed()) {
      closeable.close();
    }
  }

  private GrpcServer publicServer() {
    GrpcServer server = GrpcServers.publicServer("127.0.0.1", 0, new Sns());
    open.add(server);
    return server;
  }

  private GrpcServer internalServer() {
    GrpcServer server = GrpcServers.internalServer("127.0.0.1", 0, CREDENTIAL, new Sns());
    open.add(server);
    return server;
  }

  private ManagedChannel channel(GrpcServer server, ClientInterceptor... interceptors) {
    ManagedChannel channel = Channels.open("127.0.0.1:" + server.port(), interceptors);
    open.add(channel::shutdownNow);
    return channel;
  }

  private static Post post(Channel channel, String text) {
    return SnsGrpc.newBlockingStub(channel)
        .withDeadlineAfter(10, SECONDS)
        .post(PostRequest.newBuilder().setText(text).build())
        .getPost();
  }

  private static StatusRuntimeException failure(ThrowingCallable call) {
    List<StatusRuntimeException> caught = new ArrayList<>();
    assertThatThrownBy(call).isInstanceOfSatisfying(StatusRuntimeException.class, caught::add);
    return caught.getFirst();
  }

  @Test
  void theActingUserIsEstablishedFromTheMetadata() {
    assertThat(post(channel(publicServer(), Identity.as("alice")), "hi").getAuthor())
        .isEqualTo("alice");
  }

  @Test
  void aCallWithoutAUserIsNotAuthenticated() {
    StatusRuntimeException error = failure(() -> post(channel(publicServer()), "hi"));
    assertThat(error.getStatus().getCode()).isEqualTo(Code.UNAUTHENTICATED);
    assertThat(error.getStatus().getDescription()).contains("starling-user");
    assertThat(Errors.reason(error)).contains(Reason.NOT_AUTHENTICATED);
  }

  @Test
  void aCallInAnImpossibleNameIsRefused() {
    ClientInterceptor hostile =
        io.grpc.stub.MetadataUtils.newAttachHeadersInterceptor(header("not a name"));
    StatusRuntimeException error = failure(() -> post(channel(publicServer(), hostile), "hi"));
    assertThat(error.getStatus().getCode()).isEqualTo(Code.INVALID_ARGUMENT);
    assertThat(Errors.reason(error)).contains(Reason.INVALID_NAME);
  }

  private static io.grpc.Metadata header(String user) {
    io.grpc.Metadata headers = new io.grpc.Metadata();
    headers.put(Identity.HEADER, user);
    return headers;
  }

  @Test
  void tenMegabytesAreRefusedOnThePublicPort() {
    ManagedChannel channel = channel(publicServer(), Identity.as("alice"));
    StatusRuntimeException error = failure(() -> post(channel, "x".repeat(10 * 1024 * 1024)));
    assertThat(error.getStatus().getCode()).isEqualTo(Code.RESOURCE_EXHAUSTED);
    assertThat(error.getStatus().getDescription()).contains("maximum size 65536");
    assertThat(post(channel, "still open").getId()).isEqualTo(10);
  }

  @Test
  void aMessageJustOverTheLimitIsRefusedAndOneBelowIsNot() {
    ManagedChannel channel = channel(publicServer(), Identity.as("alice"));
    assertThat(post(channel, "x".repeat(65_000)).getId()).isEqualTo(65_000);
    StatusRuntimeException error = failure(() -> post(channel, "x".repeat(65_536)));
    assertThat(error.getStatus().getCode()).isEqualTo(Code.RESOURCE_EXHAUSTED);
  }

  @Test
  void theInternalPortTakesLargeMessages() {
    ManagedChannel channel =
        channel(internalServer(), CREDENTIAL.clientInterceptor(), Identity.as("alice"));
    assertThat(post(channel, "x".repeat(10 * 1024 * 1024)).getId()).isEqualTo(10 * 1024 * 1024);
    StatusRuntimeException error = failure(() -> post(channel, "x".repeat(17 * 1024 * 1024)));
    assertThat(error.getStatus().getCode()).isEqualTo(Code.RESOURCE_EXHAUSTED);
  }

  @Test
  void theInternalPortDemandsTheCredential() {
    GrpcServer server = internalServer();
    StatusRuntimeException none = failure(() -> post(channel(server), "hi"));
    ClientInterceptor wrong = Credential.of("open-barley").clientInterceptor();
    StatusRuntimeException other = failure(() -> post(channel(server, wrong), "hi"));
    assertThat(List.of(none, other))
        .allSatisfy(e -> {
          assertThat(e.getStatus().getCode()).isEqualTo(Code.UNAUTHENTICATED);
          assertThat(e.getStatus().getDescription()).contains("credential");
          assertThat(e.getStatus().getDescription()).doesNotContain("sesame");
          assertThat(Errors.reason(e)).contains(Reason.NOT_AUTHENTICATED);
        });
    assertThat(post(channel(server, CREDENTIAL.clientInterceptor()), "hi").getAuthor())
        .isEqualTo("nobody");
  }

  @Test
  void invalidUtf8IsTheCallersFault() {
    byte[] request = {0x12, 0x02, (byte) 0xc3, 0x28};
    StatusRuntimeException error = failure(() -> raw(request));
    assertThat(error.getStatus().getCode()).isEqualTo(Code.INVALID_ARGUMENT);
    assertThat(error.getStatus().getDescription()).contains("UTF-8");
    assertThat(Errors.reason(error)).contains(Reason.INVALID_REQUEST);
  }

  @Test
  void aRequestThatIsNoMessageIsTheCallersFault() {
    StatusRuntimeException error = failure(() -> raw(new byte[] {0x12, 0x7f, 1}));
    assertThat(error.getStatus().getCode()).isEqualTo(Code.INVALID_ARGUMENT);
  }

  @Test
  void aRequestThatCanBeReadPassesTheSameWay() {
    PostRequest request = PostRequest.newBuilder().setText("schön").build();
    assertThat(raw(request.toByteArray()).getPost().getId()).isEqualTo(5);
  }

  private PostResponse raw(byte[] request) {
    MethodDescriptor<ByteString, PostResponse> method =
        SnsGrpc.getPostMethod().toBuilder(
                new Bytes(), SnsGrpc.getPostMethod().getResponseMarshaller())
            .build();
    return ClientCalls.blockingUnaryCall(
        channel(publicServer(), Identity.as("alice")),
        method,
        CallOptions.DEFAULT.withDeadlineAfter(10, SECONDS),
        ByteString.copyFrom(request));
  }

  private record Bytes() implements MethodDescriptor.Marshaller<ByteString> {
    @Override
    public InputStream stream(ByteString value) {
      return new ByteArrayInputStream(value.toByteArray());
    }

    @Override
    public ByteString parse(InputStream stream) {
      try {
        return ByteString.readFrom(stream);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  @Test
  void whatAHandlerThrowsBecomesAStatus() {
    ManagedChannel channel = channel(publicServer(), Identity.as("alice"));
    StatusRuntimeException refused = failure(() -> post(channel, "refuse"));
    assertThat(refused.getStatus().getCode()).isEqualTo(Code.NOT_FOUND);
    assertThat(refused.getStatus().getDescription()).isEqualTo("there is nobody of that name");
    assertThat(Errors.reason(refused)).contains(Reason.USER_UNKNOWN);
    for (String text : List.of("throw", "onError")) {
      StatusRuntimeException internal = failure(() -> post(channel, text));
      assertThat(internal.getStatus().getCode()).isEqualTo(Code.INTERNAL);
      assertThat(internal.getStatus().getDescription())
          .contains("fault in the program")
          .doesNotContain("secret");
    }
    assertThat(post(channel, "answer, then throw").getId()).isZero();
  }

  @Test
  void healthTellsWhetherTheServerServes() {
    GrpcServer server = internalServer();
    ManagedChannel channel = channel(server);
    assertThat(health(channel, "")).isEqualTo(ServingStatus.NOT_SERVING);
    server.ready(true);
    assertThat(health(channel, "")).isEqualTo(ServingStatus.SERVING);
    assertThat(health(channel, SnsGrpc.SERVICE_NAME)).isEqualTo(ServingStatus.SERVING);
    server.leave();
    server.ready(true);
    assertThat(health(channel, "")).isEqualTo(ServingStatus.NOT_SERVING);
  }

  private static ServingStatus health(Channel channel, String service) {
    return HealthGrpc.newBlockingStub(channel)
        .withDeadlineAfter(10, SECONDS)
        .check(HealthCheckRequest.newBuilder().setService(service).build())
        .getStatus();
  }

  @Test
  void reflectionShowsTheServices() {
    ManagedChannel channel = channel(publicServer());
    List<ServerReflectionResponse> answers = new CopyOnWriteArrayList<>();
    CountDownLatch done = new CountDownLatch(1);
    StreamObserver<ServerReflectionRequest> requests =
        ServerReflectionGrpc.newStub(channel)
            .withDeadlineAfter(10, SECONDS)
            .serverReflectionInfo(
                new StreamObserver<>() {
                  @Override
                  public void onNext(ServerReflectionResponse answer) {
                    answers.add(answer);
                  }

                  @Override
                  public void onError(Throwable t) {
                    done.countDown();
                  }

                  @Override
                  public void onCompleted() {
                    done.countDown();
                  }
                });
    requests.onNext(ServerReflectionRequest.newBuilder().setListServices("").build());
    requests.onNext(
        ServerReflectionRequest.newBuilder().setFileContainingSymbol(SnsGrpc.SERVICE_NAME).build());
    requests.onCompleted();
    await().untilAsserted(() -> assertThat(done.getCount()).isZero());
    assertThat(answers).hasSize(2);
    assertThat(answers.get(0).getListServicesResponse().getServiceList())
        .anyMatch(service -> service.getName().equals(SnsGrpc.SERVICE_NAME));
    assertThat(answers.get(1).getFileDescriptorResponse().getFileDescriptorProtoCount())
        .isPositive();
  }

  @Test
  void aBusyPortIsSaidInASentence() {
    int port = publicServer().port();
    assertThatThrownBy(() -> GrpcServers.publicServer("127.0.0.1", port, new Sns()))
        .isInstanceOf(StartException.class)
        .hasMessage(
            "port " + port + " is in use by another process; choose another with --public-port");
    assertThatThrownBy(() -> GrpcServers.internalServer("127.0.0.1", port, CREDENTIAL, new Sns()))
        .hasMessageEndingWith("--internal-port");
    assertThatThrownBy(() -> GrpcServers.publicServer("127.0.0.1", 70_000, new Sns()))
        .hasMessageContaining("70000 is no port");
    assertThatThrownBy(() -> GrpcServers.publicServer("192.0.2.1", 0, new Sns()))
        .hasMessageContaining("cannot listen on 192.0.2.1 port 0");
  }

  @Test
  void stoppingLetsCallsInFlightEnd() throws Exception {
    GrpcServer server = publicServer();
    ManagedChannel channel = channel(server, Identity.as("alice"));
    var call =
        SnsGrpc.newFutureStub(channel)
            .withDeadlineAfter(10, SECONDS)
            .listUsers(ListUsersRequest.getDefaultInstance());
    post(channel, "the call before is there, too");
    Thread stopping =
        Thread.ofVirtual()
            .start(() -> {
              try {
                server.stop(Duration.ofSeconds(5));
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            });
    await()
        .untilAsserted(() ->
            assertThat(failure(() -> post(channel, "late")).getStatus().getCode())
                .isEqualTo(Code.UNAVAILABLE));
    mayAnswer.countDown();
    assertThat(call.get(5, SECONDS)).isNotNull();
    assertThat(stopping.join(Duration.ofSeconds(5))).isTrue();
  }

  @Test
  void aChannelFindsARestartedServerFast() {
    GrpcServer server = publicServer();
    int port = server.port();
    ManagedChannel channel = channel(server, Identity.as("alice"));
    post(channel, "hi");
    server.close();
    // Long enough that gRPC's own backoff would be well above a second.
    long until = System.nanoTime() + Duration.ofSeconds(5).toNanos();
    await()
        .atMost(Duration.ofSeconds(20))
        .until(() -> {
          failure(() -> post(channel, "down"));
          return System.nanoTime() > until;
        });
    open.add(GrpcServers.publicServer("127.0.0.1", port, new Sns()));
    long back = System.nanoTime();
    await()
        .pollInterval(Duration.ofMillis(5))
        .ignoreExceptions()
        .until(() -> post(channel, "hi").getId() == 2);
    assertThat(Duration.ofNanos(System.nanoTime() - back)).isLessThan(Duration.ofMillis(1500));
  }

  @Test
  void aServiceOfRawBytesKeepsItsMethods() {
    ServerServiceDefinition definition = ReadableMessages.of(new Sns().bindService());
    assertThat(definition.getServiceDescriptor().getSchemaDescriptor()).isNotNull();
    assertThat(definition.getMethods()).hasSize(12);
  }
}
