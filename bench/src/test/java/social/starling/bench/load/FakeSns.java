package social.starling.bench.load;

import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import social.starling.common.Errors;
import social.starling.common.Identity;
import social.starling.proto.sns.v1.GetTimelineRequest;
import social.starling.proto.sns.v1.GetTimelineResponse;
import social.starling.proto.sns.v1.Post;
import social.starling.proto.sns.v1.PostRequest;
import social.starling.proto.sns.v1.PostResponse;
import social.starling.proto.sns.v1.Reason;
import social.starling.proto.sns.v1.SnsGrpc;

/** A server that remembers what it was asked, and refuses when told to. Thread-safe. */
final class FakeSns extends SnsGrpc.SnsImplBase {

  private final List<PostRequest> posts = new ArrayList<>();
  private final List<String> users = new ArrayList<>();
  private Supplier<RuntimeException> refusal = () -> null;

  synchronized void refuse(Supplier<RuntimeException> with) {
    refusal = with;
  }

  synchronized List<PostRequest> posts() {
    return List.copyOf(posts);
  }

  synchronized List<String> users() {
    return List.copyOf(users);
  }

  static RuntimeException notMaster(String master) {
    return Errors.of(
        Status.Code.FAILED_PRECONDITION,
        Reason.NOT_MASTER,
        "ask the master",
        Map.of("cluster", "alpha", "epoch", "2", "master", master));
  }

  static RuntimeException down() {
    return Errors.of(Status.Code.UNAVAILABLE, Reason.CLUSTER_DOWN, "no member can serve");
  }

  @Override
  public synchronized void post(PostRequest request, StreamObserver<PostResponse> to) {
    RuntimeException refused = refusal.get();
    if (refused != null) {
      to.onError(refused);
      return;
    }
    posts.add(request);
    users.add(Identity.USER.get());
    to.onNext(PostResponse.newBuilder().setPost(Post.newBuilder().setId(posts.size())).build());
    to.onCompleted();
  }

  @Override
  public synchronized void getTimeline(
      GetTimelineRequest request, StreamObserver<GetTimelineResponse> to) {
    RuntimeException refused = refusal.get();
    if (refused != null) {
      to.onError(refused);
      return;
    }
    GetTimelineResponse.Builder answer = GetTimelineResponse.newBuilder();
    for (int i = 0; i < request.getPage().getLimit(); i++) {
      answer.addPosts(Post.newBuilder().setId(i + 1));
    }
    to.onNext(answer.build());
    to.onCompleted();
  }
}
