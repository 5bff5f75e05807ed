package social.starling.coordinator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaimBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.Resource;
import io.fabric8.kubernetes.client.http.BasicBuilder;
import io.fabric8.kubernetes.client.http.HttpRequest;
import io.fabric8.kubernetes.client.http.Interceptor;
import io.fabric8.kubernetes.client.server.mock.EnableKubernetesMockClient;
import io.fabric8.kubernetes.client.server.mock.KubernetesMockServer;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import social.starling.common.ExitCode;
import social.starling.common.StartException;

@EnableKubernetesMockClient(crud = true)
class KubernetesStoreTest extends StoreContract {

  private static final String NAMESPACE = "starling";
  private static final Instant NOW = Instant.parse("2026-11-22T11:00:00Z");

  /** Of a busy machine. */
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  KubernetesMockServer server;
  KubernetesClient client;

  @Override
  Store open() {
    return open(true);
  }

  @Override
  int rounds() {
    return 10;
  }

  private Store open(boolean initialise) {
    try {
      return KubernetesStore.open(
          KubernetesStore.connect(client.getConfiguration(), PATIENCE),
          NAMESPACE,
          initialise,
          PATIENCE);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void shouldRefuseToStartWithoutItsState() {
    assertThatThrownBy(() -> open(false))
        .isInstanceOfSatisfying(
            StartException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.REFUSED))
        .hasMessageContaining("has no ConfigMap starling-state")
        .hasMessageContaining("--init");
    opened();
    open(false).close();
  }

  @Test
  void shouldNotBeginAnewWhereServersHaveVolumes() {
    claim(Map.of("app.kubernetes.io/name", "starling"));
    assertThatThrownBy(() -> open(true))
        .isInstanceOfSatisfying(
            StartException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.REFUSED))
        .hasMessageContaining("1 volume claims of servers are there");
  }

  @Test
  void shouldBeginWhereOthersHaveVolumes() {
    claim(Map.of("app.kubernetes.io/name", "a-database"));
    assertThat(opened().readAll()).isEmpty();
  }

  @Test
  void shouldNotBeginAnewOverRecordsThatAreLeft() {
    opened().compareAndSet(ALPHA, 0, bytes("kept"));
    client.configMaps().inNamespace(NAMESPACE).withName(StateObject.MARKER).delete();
    assertThatThrownBy(() -> open(true)).hasMessageContaining("records of clusters are there");
  }

  @Test
  void shouldHoldAStateThatWasRebuiltAndRefuseWhoStillKnowsTheOneBefore() throws Exception {
    Store before = opened();
    before.compareAndSet(ALPHA, 0, bytes("lost"));
    client.configMaps().inNamespace(NAMESPACE).delete();

    rebuild(new Document(ALPHA, 1, bytes("rebuilt")), new Document(SlotTable.KEY, 1, bytes("s")));

    // It counted 1, and the rebuilt document was given version 1 where the count is a directory's.
    assertThat(before.compareAndSet(ALPHA, 1, bytes("of before"))).isFalse();
    Store after = open(false);
    assertDocument(after.read(ALPHA).orElseThrow(), NOW.toEpochMilli(), "rebuilt");
    assertThat(after.compareAndSet(ALPHA, NOW.toEpochMilli(), bytes("next"))).isTrue();
    after.close();
  }

  @Test
  void shouldNotWriteARebuiltStateOverOneThatIsThere() {
    opened();
    assertThatThrownBy(() -> rebuild(new Document(ALPHA, 1, bytes("rebuilt"))))
        .isInstanceOfSatisfying(
            StartException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.REFUSED))
        .hasMessageContaining("nothing is written over it");
    assertThat(open(false).readAll()).isEmpty();
  }

  @Test
  void shouldNotBeginWithAStateThatWasRebuiltByHalf() {
    opened().compareAndSet(ALPHA, 0, bytes("half"));
    client.configMaps().inNamespace(NAMESPACE).withName(StateObject.MARKER).delete();
    assertThatThrownBy(() -> rebuild(new Document(BETA, 1, bytes("rebuilt"))))
        .hasMessageContaining("or a part of one");
  }

  /** None of its requests comes through at first, and half of the answers get lost. */
  @Test
  void shouldWriteARebuiltStateAlthoughTheServerDoesNotAnswerEachTime() throws Exception {
    Unreliable unreliable = new Unreliable();
    Document alpha = new Document(ALPHA, 1, bytes("rebuilt"));
    Document slots = new Document(SlotTable.KEY, 1, bytes("s"));

    try (KubernetesClient poor = client(unreliable)) {
      KubernetesStore.rebuild(
          poor, NAMESPACE, List.of(alpha, slots), Clock.fixed(NOW, ZoneOffset.UTC), PATIENCE);
    }

    assertThat(unreliable.lost).filteredOn(each -> each.startsWith("unanswered")).hasSize(3);
    Store after = open(false);
    assertDocument(after.read(ALPHA).orElseThrow(), NOW.toEpochMilli(), "rebuilt");
    assertDocument(after.read(SlotTable.KEY).orElseThrow(), NOW.toEpochMilli(), "s");
    after.close();
  }

  /** The first attempt of each request is not made, the second one is, and not answered. */
  private final class Unreliable implements Interceptor {

    final Set<String> lost = ConcurrentHashMap.newKeySet();

    @Override
    public void before(BasicBuilder builder, HttpRequest request, RequestTags tags) {
      String what = request.method() + " " + request.uri() + " " + request.bodyString();
      if (lost.add("unmade: " + what)) {
        throw new KubernetesClientException("HTTP connect timed out");
      }
      if (request.method().equals("POST") && lost.add("unanswered: " + what)) {
        create(Serialization.unmarshal(request.bodyString(), ConfigMap.class));
        throw new KubernetesClientException("request timed out");
      }
    }
  }

  private KubernetesClient client(Interceptor interceptor) {
    return new KubernetesClientBuilder()
        .withConfig(client.getConfiguration())
        .withHttpClientBuilderConsumer(
            builder -> builder.addOrReplaceInterceptor("test", interceptor))
        .build();
  }

  /** Theirs instead of ours, with another version or another content; or one more than ours. */
  @ParameterizedTest
  @CsvSource({"cluster/alpha, 7, rebuilt", "cluster/alpha, 0, theirs", "cluster/beta, 0, theirs"})
  void shouldNotMakeAStateOfWhatSomebodyElseWritesMeanwhile(
      String key, long later, String content) {
    Document theirs = new Document(key, NOW.toEpochMilli() + later, bytes(content));
    Interceptor faster =
        new Interceptor() {
          @Override
          public void before(BasicBuilder builder, HttpRequest request, RequestTags tags) {
            if (request.method().equals("POST") && configMap(StateObject.name(key)) == null) {
              create(StateObject.write(theirs, null));
            }
          }
        };
    try (KubernetesClient slow = client(faster)) {
      assertThatThrownBy(() ->
              KubernetesStore.rebuild(
                  slow,
                  NAMESPACE,
                  List.of(new Document(ALPHA, 1, bytes("rebuilt"))),
                  Clock.fixed(NOW, ZoneOffset.UTC),
                  PATIENCE))
          .isInstanceOfSatisfying(
              StartException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.REFUSED))
          .hasMessageContaining("somebody else writes a state");
    }
    assertThat(configMap(StateObject.MARKER)).isNull();
  }

  private void create(ConfigMap object) {
    client.configMaps().inNamespace(NAMESPACE).resource(object).create();
  }

  private ConfigMap configMap(String name) {
    return client.configMaps().inNamespace(NAMESPACE).withName(name).get();
  }

  @Test
  void shouldNotWaitForAServerThatDoesNotAnswerForever() {
    Interceptor dead =
        new Interceptor() {
          @Override
          public void before(BasicBuilder builder, HttpRequest request, RequestTags tags) {
            throw new KubernetesClientException("HTTP connect timed out");
          }
        };
    try (KubernetesClient away = client(dead)) {
      assertThatThrownBy(() ->
              KubernetesStore.rebuild(
                  away,
                  NAMESPACE,
                  List.of(new Document(ALPHA, 1, bytes("rebuilt"))),
                  Clock.fixed(NOW, ZoneOffset.UTC),
                  Duration.ofMillis(500)))
          .isInstanceOfSatisfying(
              StartException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.STORAGE))
          .hasMessageContaining("the API server does not answer");
    }
  }

  private void rebuild(Document... documents) throws InterruptedException {
    KubernetesStore.rebuild(
        client, NAMESPACE, List.of(documents), Clock.fixed(NOW, ZoneOffset.UTC), PATIENCE);
  }

  @Test
  void shouldWorkOnWhenAnObjectIsLabelledByOthers() {
    Store store = opened();
    store.compareAndSet(ALPHA, 0, bytes("one"));
    edit("starling-state-alpha", object -> object.getMetadata().getLabels().put("seen-by", "bob"));
    assertThat(store.compareAndSet(ALPHA, 1, bytes("two"))).isTrue();
    assertDocument(store.read(ALPHA).orElseThrow(), 2, "two");
  }

  @Test
  void shouldTellWhatAnotherCoordinatorChanges() {
    Store one = opened();
    one.compareAndSet(ALPHA, 0, bytes("before"));
    Heard heard = new Heard();
    one.watch(heard);
    Store other = opened();
    other.compareAndSet(ALPHA, 1, bytes("after"));
    other.compareAndSet(BETA, 0, bytes("new"));
    await()
        .atMost(PATIENCE)
        .untilAsserted(() ->
            assertThat(heard.documents)
                .anySatisfy(d -> assertDocument(d, 2, "after"))
                .anySatisfy(d -> assertDocument(d, 1, "new")));
    assertThat(heard.failures).isEmpty();
  }

  @Test
  void shouldSayWhenADocumentIsDeleted() {
    Store store = opened();
    store.compareAndSet(ALPHA, 0, bytes("kept"));
    Heard heard = new Heard();
    store.watch(heard);
    await().atMost(PATIENCE).untilAsserted(() -> assertThat(heard.documents).isNotEmpty());
    client.configMaps().inNamespace(NAMESPACE).withName("starling-state-alpha").delete();
    await().atMost(PATIENCE).untilAsserted(() -> assertThat(heard.failures).isNotEmpty());
    assertThat(heard.failures.getFirst())
        .hasMessageContaining("starling-state-alpha")
        .hasMessageContaining("deleted");
    assertThat(heard.failures.getFirst().kind()).isEqualTo(StoreException.Kind.DAMAGED);
  }

  @Test
  void shouldTakeADeletedDocumentBackAsItStoodInTheLog() {
    Store store = opened();
    store.compareAndSet(ALPHA, 0, bytes("one"));
    store.compareAndSet(ALPHA, 1, bytes("two"));
    Resource<ConfigMap> object =
        client.configMaps().inNamespace(NAMESPACE).withName("starling-state-alpha");
    ConfigMap bare = StateObject.bare(object.get());
    assertThat(bare.getMetadata().getResourceVersion()).isNull();
    object.delete();
    client.resource(bare).create();
    assertDocument(store.read(ALPHA).orElseThrow(), 2, "two");
    assertThat(store.compareAndSet(ALPHA, 2, bytes("three"))).isTrue();
  }

  @ParameterizedTest
  @ValueSource(strings = {"starling-state-alpha", "starling-slots"})
  void shouldNotGoOnWithoutAPartOfTheState(String lost) {
    Store store = opened();
    Registry registry = new Registry(store, 1, new Untold());
    registry.record("alpha", List.of("alpha-1", "alpha-2"));
    assertThat(new Registry(opened(), 1, new Untold()).clusters()).hasSize(1);
    client.configMaps().inNamespace(NAMESPACE).withName(lost).delete();
    assertThatThrownBy(() -> new Registry(opened(), 1, new Untold()))
        .isInstanceOfSatisfying(
            StoreException.class, e -> assertThat(e.kind()).isEqualTo(StoreException.Kind.DAMAGED))
        .hasMessageContaining("restore");
  }

  @Test
  void shouldRefuseANewerFormat() {
    Store store = opened();
    store.compareAndSet(ALPHA, 0, bytes("x"));
    edit("starling-state-alpha", object -> object.getData().put("format", "2"));
    assertThatThrownBy(() -> store.read(ALPHA))
        .isInstanceOfSatisfying(
            StoreException.class, e -> assertThat(e.kind()).isEqualTo(StoreException.Kind.FOREIGN))
        .hasMessageContaining("format 2");
    edit(StateObject.MARKER, object -> object.getData().put("format", "2"));
    assertThatThrownBy(() -> open(true))
        .isInstanceOfSatisfying(
            StartException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.REFUSED));
  }

  @Test
  void shouldSayThatAnObjectIsDamaged() {
    Store store = opened();
    store.compareAndSet(ALPHA, 0, bytes("x"));
    for (Map.Entry<String, String> damage :
        List.of(
            Map.entry("version", "many"),
            Map.entry("version", "0"),
            Map.entry("key", "cluster/beta"))) {
      edit(
          "starling-state-alpha",
          object -> object.getData().put(damage.getKey(), damage.getValue()));
      assertThatThrownBy(() -> store.read(ALPHA))
          .as(damage.toString())
          .isInstanceOfSatisfying(
              StoreException.class,
              e -> assertThat(e.kind()).isEqualTo(StoreException.Kind.DAMAGED));
    }
  }

  @Test
  void shouldNotKnowTheOutcomeWhenTheServerDoesNotAnswer() {
    Store store = opened();
    store.compareAndSet(ALPHA, 0, bytes("x"));
    server.shutdown();
    assertThatThrownBy(() -> store.compareAndSet(ALPHA, 1, bytes("y")))
        .isInstanceOfSatisfying(
            StoreException.class, e -> assertThat(e.kind()).isEqualTo(StoreException.Kind.FAILED))
        .hasMessageContaining("does not answer");
    assertThatThrownBy(store::probe).isInstanceOf(StoreException.class);
  }

  private void claim(Map<String, String> labels) {
    client
        .persistentVolumeClaims()
        .inNamespace(NAMESPACE)
        .resource(
            new PersistentVolumeClaimBuilder()
                .withNewMetadata()
                .withName("alpha-1")
                .withLabels(labels)
                .endMetadata()
                .build())
        .create();
  }

  private void edit(String name, Consumer<ConfigMap> change) {
    client
        .configMaps()
        .inNamespace(NAMESPACE)
        .withName(name)
        .edit(object -> {
          change.accept(object);
          return object;
        });
  }

  private static final class Heard implements Store.Watcher {
    final List<Document> documents = new CopyOnWriteArrayList<>();
    final List<StoreException> failures = new CopyOnWriteArrayList<>();

    @Override
    public void changed(Document document) {
      documents.add(document);
    }

    @Override
    public void broken(StoreException failure) {
      failures.add(failure);
    }
  }
}
