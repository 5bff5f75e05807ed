package social.starling.server.member;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import social.starling.common.Address;
import social.starling.common.Channels;
import social.starling.common.Credential;
import social.starling.common.Errors;
import social.starling.proto.replication.v1.Append;
import social.starling.proto.replication.v1.DigestRequest;
import social.starling.proto.replication.v1.FetchSnapshotRequest;
import social.starling.proto.replication.v1.LinkHello;
import social.starling.proto.replication.v1.LinkMessage;
import social.starling.proto.replication.v1.LinkReply;
import social.starling.proto.replication.v1.MemberAdminGrpc;
import social.starling.proto.replication.v1.ReplicationGrpc;
import social.starling.proto.sns.v1.FollowRequest;
import social.starling.proto.sns.v1.GetPostsRequest;
import social.starling.proto.sns.v1.GetTimelineRequest;
import social.starling.proto.sns.v1.Page;
import social.starling.proto.sns.v1.PostRequest;
import social.starling.proto.sns.v1.Reason;
import social.starling.proto.sns.v1.SnsGrpc;
import social.starling.proto.sns.v1.StreamRequest;
import social.starling.proto.sns.v1.WriteId;

@Timeout(60)
@TestInstance(Lifecycle.PER_CLASS)
class BadInputTest {

  @TempDir static Path directory;

  private Pair pair;

  @BeforeAll
  void start() throws Exception {
    pair = new Pair(directory).started();
    pair.login("alice");
  }

  @AfterAll
  void end() {
    pair.close();
  }

  private SnsGrpc.SnsBlockingStub alice() {
    return pair.node(1).as("alice").withDeadlineAfter(10, TimeUnit.SECONDS);
  }

  private PostRequest post(String text) {
    return PostRequest.newBuilder().setWrite(pair.nextWrite()).setText(text).build();
  }

  private static void refused(ThrowingCallable call, Code code, Reason reason) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            StatusRuntimeException.class,
            e -> {
              assertThat(e.getStatus().getCode()).isEqualTo(code);
              assertThat(Errors.reason(e)).contains(reason);
              assertThat(e.getStatus().getDescription()).isNotBlank().doesNotContain("\tat ");
            });
  }

  @Test
  void anEmptyPostIsRefused() {
    refused(() -> alice().post(post("")), Code.INVALID_ARGUMENT, Reason.INVALID_TEXT);
  }

  @Test
  void aPostMayHave5000BytesAndNotOneMore() {
    assertThat(alice().post(post("é".repeat(2_500))).getPost().getText()).hasSize(2_500);
    refused(
        () -> alice().post(post("a".repeat(5_001))), Code.INVALID_ARGUMENT, Reason.INVALID_TEXT);
  }

  @Test
  void aMessageOfTenMegabytesIsRefusedBeforeItIsRead() {
    assertThatThrownBy(() -> alice().post(post("a".repeat(10 << 20))))
        .isInstanceOfSatisfying(
            StatusRuntimeException.class,
            e -> assertThat(e.getStatus().getCode()).isEqualTo(Code.RESOURCE_EXHAUSTED));
    assertThat(alice().post(post("still here")).getPost().getAuthor()).isEqualTo("alice");
  }

  @Test
  void invalidUtf8IsRefused() {
    byte[] valid = post("aaaa").toByteArray();
    for (int i = valid.length - 4; i < valid.length; i++) {
      valid[i] = (byte) 0xff;
    }
    MethodDescriptor<byte[], byte[]> raw =
        MethodDescriptor.newBuilder(new Bytes(), new Bytes())
            .setType(MethodDescriptor.MethodType.UNARY)
            .setFullMethodName(SnsGrpc.getPostMethod().getFullMethodName())
            .build();
    assertThatThrownBy(() ->
            ClientCalls.blockingUnaryCall(
                pair.node(1).channelAs("alice"), raw, CallOptions.DEFAULT, valid))
        .isInstanceOfSatisfying(
            StatusRuntimeException.class,
            e -> assertThat(e.getStatus().getCode()).isEqualTo(Code.INVALID_ARGUMENT));
  }

  @Test
  void namesOutsideTheLimitsAreRefused() {
    for (String name : new String[] {"", "a b", "é", "x".repeat(31)}) {
      refused(
          () ->
              alice()
                  .follow(
                      FollowRequest.newBuilder().setWrite(pair.nextWrite()).setName(name).build()),
          Code.INVALID_ARGUMENT,
          Reason.INVALID_NAME);
    }
  }

  @Test
  void unknownUsersAreNotFound() {
    refused(
        () -> alice().getPosts(GetPostsRequest.newBuilder().setAuthor("nobody").build()),
        Code.NOT_FOUND,
        Reason.USER_UNKNOWN);
    refused(
        () -> pair.node(1).as("stranger").getTimeline(GetTimelineRequest.getDefaultInstance()),
        Code.NOT_FOUND,
        Reason.USER_UNKNOWN);
    refused(
        () -> pair.node(1).as("stranger").stream(StreamRequest.getDefaultInstance()).next(),
        Code.NOT_FOUND,
        Reason.USER_UNKNOWN);
  }

  @Test
  void pagesOutsideTheLimitsAreRefused() {
    for (int limit : new int[] {201, -1}) {
      refused(
          () ->
              alice()
                  .getTimeline(
                      GetTimelineRequest.newBuilder()
                          .setPage(Page.newBuilder().setLimit(limit))
                          .build()),
          Code.INVALID_ARGUMENT,
          Reason.INVALID_REQUEST);
    }
    refused(
        () -> alice().stream(StreamRequest.newBuilder().setBacklog(201).build()).next(),
        Code.INVALID_ARGUMENT,
        Reason.INVALID_REQUEST);
    refused(
        () -> alice().stream(StreamRequest.newBuilder().setCursor(1L << 50).build()).next(),
        Code.INVALID_ARGUMENT,
        Reason.INVALID_REQUEST);
  }

  @Test
  void aWriteWithoutAnIdIsRefused() {
    refused(
        () ->
            alice()
                .post(
                    PostRequest.newBuilder()
                        .setText("x")
                        .setWrite(WriteId.getDefaultInstance())
                        .build()),
        Code.INVALID_ARGUMENT,
        Reason.INVALID_REQUEST);
  }

  @Test
  void theInternalPortAsksForTheCredential() throws Exception {
    Path file = directory.resolve("wrong");
    Files.writeString(file, "another-credential-for-tests-9876543210\n");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
    Address address = new Address("127.0.0.1", pair.node(1).internal.port());
    ManagedChannel none = Channels.open(address);
    ManagedChannel wrong = Channels.open(address, Credential.read(file).clientInterceptor());
    try {
      for (ManagedChannel channel : new ManagedChannel[] {none, wrong}) {
        refused(
            () ->
                MemberAdminGrpc.newBlockingStub(channel).digest(DigestRequest.getDefaultInstance()),
            Code.UNAUTHENTICATED,
            Reason.NOT_AUTHENTICATED);
        assertThat(link(channel, hello("alpha-2")).getCode()).isEqualTo(Code.UNAUTHENTICATED);
      }
    } finally {
      none.shutdownNow();
      wrong.shutdownNow();
    }
  }

  @Test
  void anOldEpochIsRefusedOnTheLinkAndForCopies() throws Exception {
    ManagedChannel channel =
        Channels.open(
            new Address("127.0.0.1", pair.node(2).internal.port()),
            pair.credential.clientInterceptor());
    try {
      Awaitility.await()
          .atMost(Pair.SOON)
          .until(() -> pair.node(2).member.promiseAge() > Duration.ofMillis(1_100).toNanos());
      Status refusal =
          link(
              channel,
              hello("alpha-1"),
              LinkMessage.newBuilder().setAppend(Append.newBuilder().setEpoch(1)).build());
      assertThat(refusal.getCode()).isEqualTo(Code.FAILED_PRECONDITION);
      assertThat(refusal.getDescription()).contains("epoch 1 is over");

      assertThatThrownBy(() ->
              ReplicationGrpc.newBlockingStub(channel)
                  .fetchSnapshot(
                      FetchSnapshotRequest.newBuilder()
                          .setCluster("alpha")
                          .setMember("alpha-1")
                          .setEpoch(1)
                          .build())
                  .next())
          .isInstanceOfSatisfying(
              StatusRuntimeException.class,
              e -> assertThat(e.getStatus().getCode()).isEqualTo(Code.FAILED_PRECONDITION));
    } finally {
      channel.shutdownNow();
    }
    assertThat(alice().post(post("nothing was disturbed")).hasPost()).isTrue();
  }

  @Test
  void strangersAreNoMembers() throws Exception {
    ManagedChannel channel =
        Channels.open(
            new Address("127.0.0.1", pair.node(2).internal.port()),
            pair.credential.clientInterceptor());
    try {
      assertThat(link(channel, hello("beta-1")).getCode()).isEqualTo(Code.PERMISSION_DENIED);
    } finally {
      channel.shutdownNow();
    }
  }

  private static LinkMessage hello(String member) {
    return LinkMessage.newBuilder()
        .setHello(
            LinkHello.newBuilder()
                .setCluster("alpha")
                .setMember(member)
                .setInstance("test")
                .setFormat(Wire.FORMAT))
        .build();
  }

  /** Sends on a link of its own; how the link ended. */
  private static Status link(ManagedChannel channel, LinkMessage... messages) throws Exception {
    CompletableFuture<Status> ended = new CompletableFuture<>();
    StreamObserver<LinkMessage> out =
        ReplicationGrpc.newStub(channel)
            .link(
                new StreamObserver<>() {
                  @Override
                  public void onNext(LinkReply reply) {}

                  @Override
                  public void onError(Throwable problem) {
                    ended.complete(Status.fromThrowable(problem));
                  }

                  @Override
                  public void onCompleted() {
                    ended.complete(Status.OK);
                  }
                });
    for (LinkMessage message : messages) {
      out.onNext(message);
    }
    return ended.get(10, TimeUnit.SECONDS);
  }

  private static final class Bytes implements MethodDescriptor.Marshaller<byte[]> {
    @Override
    public InputStream stream(byte[] value) {
      return new ByteArrayInputStream(value);
    }

    @Override
    public byte[] parse(InputStream stream) {
      try {
        return stream.readAllBytes();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
