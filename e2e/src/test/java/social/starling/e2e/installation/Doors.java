package social.starling.e2e.installation;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.LocalPortForward;
import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import social.starling.common.Channels;
import social.starling.common.Credential;
import social.starling.proto.coordinator.v1.AdminGrpc;
import social.starling.proto.coordinator.v1.GetStatusRequest;
import social.starling.proto.coordinator.v1.GetStatusResponse;
import social.starling.proto.replication.v1.DigestRequest;
import social.starling.proto.replication.v1.DigestResponse;
import social.starling.proto.replication.v1.MemberAdminGrpc;

/** Asks processes on their internal ports, through the API server. No load goes this way. */
public final class Doors {

  private static final int INTERNAL = 7001;
  private static final int ATTEMPTS = 5;
  private static final Duration ANSWER = Duration.ofSeconds(10);
  private static final Duration DIGEST = Duration.ofSeconds(60);

  private final KubernetesClient client;
  private final String namespace;

  /** Into the pods of a namespace. */
  public Doors(KubernetesClient client, String namespace) {
    this.client = client;
    this.namespace = namespace;
  }

  /**
   * What the coordinators know.
   *
   * @param coordinators pods that may be asked
   */
  public GetStatusResponse status(List<Pod> coordinators) {
    RuntimeException last = new IllegalStateException("there is no coordinator to ask");
    for (int i = 0; i < ATTEMPTS; i++) {
      for (Pod pod : coordinators) {
        try {
          return ask(
              pod.getMetadata().getName(),
              channel ->
                  AdminGrpc.newBlockingStub(channel)
                      .withDeadlineAfter(ANSWER.toMillis(), TimeUnit.MILLISECONDS)
                      .getStatus(GetStatusRequest.getDefaultInstance()));
        } catch (StatusRuntimeException e) {
          last = e;
        }
      }
    }
    throw last;
  }

  /** A digest of everything that a member holds. */
  public DigestResponse digest(String member) {
    for (int i = 1; ; i++) {
      try {
        return ask(
            member,
            channel ->
                MemberAdminGrpc.newBlockingStub(channel)
                    .withDeadlineAfter(DIGEST.toMillis(), TimeUnit.MILLISECONDS)
                    .digest(DigestRequest.newBuilder().setFiles(true).build()));
      } catch (StatusRuntimeException e) {
        if (i == ATTEMPTS) {
          throw e;
        }
      }
    }
  }

  private <T> T ask(String pod, Function<ManagedChannel, T> question) {
    try (LocalPortForward forward =
        client.pods().inNamespace(namespace).withName(pod).portForward(INTERNAL)) {
      ManagedChannel channel =
          Channels.open("127.0.0.1:" + forward.getLocalPort(), credential().clientInterceptor());
      try {
        return question.apply(channel);
      } finally {
        channel.shutdownNow();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Credential credential() {
    String encoded =
        client
            .secrets()
            .inNamespace(namespace)
            .withName("starling-credential")
            .require()
            .getData()
            .get("credential");
    return Credential.of(
        new String(Base64.getDecoder().decode(encoded), StandardCharsets.UTF_8).strip());
  }
}
