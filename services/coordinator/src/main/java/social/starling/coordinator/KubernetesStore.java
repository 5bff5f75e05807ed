package social.starling.coordinator;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapList;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.MixedOperation;
import io.fabric8.kubernetes.client.dsl.NonNamespaceOperation;
import io.fabric8.kubernetes.client.dsl.Resource;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import io.fabric8.kubernetes.client.jdkhttp.JdkHttpClientFactory;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.net.HttpURLConnection;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import social.starling.common.ExitCode;
import social.starling.common.StartException;
import social.starling.coordinator.StoreException.Kind;

/**
 * The {@link Store} in API objects of one namespace: a ConfigMap for each document, see {@link
 * StateObject}. Any number of coordinators may work over it.
 *
 * <p>A compare-and-set goes so:
 *
 * <ol>
 *   <li>the object is known at a {@code resourceVersion}, from the last read or write or from the
 *       watch, and at that the document is at the version expected; otherwise it is read;
 *   <li>it is replaced, naming that {@code resourceVersion}: the API server refuses (409) if it is
 *       another by now, and answers when etcd has it on disk;
 *   <li>refused: read again. Another version of the document means that somebody was faster; the
 *       same one, that something else of the object has changed, so once more.
 * </ol>
 *
 * <p>Nothing is sent twice by the client library: an answer that does not come means that the
 * outcome is not known. HTTP/1.1 is spoken, so that a request which times out gives its connection
 * up, and the next one does not wait for the same dead peer.
 *
 * <p>Thread-safe.
 */
final class KubernetesStore implements Store {

  private static final Logger LOG = LoggerFactory.getLogger(KubernetesStore.class);
  private static final Duration AGAIN = Duration.ofMillis(200);
  private static final Duration ANSWER = Duration.ofSeconds(2);
  private static final int ATTEMPTS = 4;

  /** What the operator makes for servers carries this. */
  private static final Map<String, String> CLAIMS = Map.of("app.kubernetes.io/name", "starling");

  private static final String PROBE =
      "{\"metadata\":{\"annotations\":{\"starling.social/probed\":\"%s\"}}}";

  /** An object as it was last seen. */
  private record Seen(long version, String resourceVersion) {}

  private final KubernetesClient client;
  private final String namespace;
  private final Map<String, Seen> seen = new ConcurrentHashMap<>();
  private volatile SharedIndexInformer<ConfigMap> informer;
  private volatile boolean closed;

  private KubernetesStore(KubernetesClient client, String namespace) {
    this.client = client;
    this.namespace = namespace;
  }

  /** A client with the pod's service account, or with what {@code kubectl} would use. */
  static KubernetesClient connect() {
    return connect(Config.autoConfigure(null), ANSWER);
  }

  /**
   * A client of the server, and as the user, that are given.
   *
   * @param answer an answer that takes longer is not waited for
   */
  static KubernetesClient connect(Config where, Duration answer) {
    Config config =
        new ConfigBuilder(where)
            .withRequestTimeout((int) answer.toMillis())
            .withConnectionTimeout((int) answer.toMillis() / 2)
            .withRequestRetryBackoffLimit(0)
            .withHttp2Disable(true)
            .build();
    return new KubernetesClientBuilder()
        .withConfig(config)
        .withHttpClientFactory(new JdkHttpClientFactory())
        .build();
  }

  /**
   * Opens the state in a namespace.
   *
   * @param initialise make a state if there is none, and no volume either
   * @param patience how long an API server that does not answer is waited for
   * @throws StartException with a sentence when that cannot be
   */
  static KubernetesStore open(
      KubernetesClient client, String namespace, boolean initialise, Duration patience)
      throws InterruptedException {
    KubernetesStore store = new KubernetesStore(client, namespace);
    patiently(System.nanoTime() + patience.toNanos(), () -> store.find(initialise));
    return store;
  }

  /** Like the other, with the pod's service account or as {@code kubectl} would. */
  static void rebuild(String namespace, List<Document> documents, Clock clock, Duration patience)
      throws InterruptedException {
    try (KubernetesClient client = connect()) {
      rebuild(client, namespace, documents, clock, patience);
    }
  }

  /**
   * Writes a whole state into a namespace that has none. It counts as a state from the last step
   * on; until then coordinators refuse to begin, and what there is has to be deleted to do it
   * again.
   *
   * @param documents whose versions are not taken: they begin at the time, in ms. No coordinator
   *     that still runs with what was there before has counted so far, so whatever it writes is
   *     refused
   * @param patience how long all of it may take while the API server does not answer
   * @throws StartException with a sentence when that cannot be
   */
  static void rebuild(
      KubernetesClient client,
      String namespace,
      List<Document> documents,
      Clock clock,
      Duration patience)
      throws InterruptedException {
    KubernetesStore store = new KubernetesStore(client, namespace);
    long deadline = System.nanoTime() + patience.toNanos();
    if (patiently(deadline, store::holdsAny)) {
      throw new StartException(
          ExitCode.REFUSED,
          "the namespace %s has a state of coordinators, or a part of one: nothing is written over it"
              .formatted(namespace));
    }
    long version = clock.millis();
    List<Document> written = new ArrayList<>();
    for (Document document : documents) {
      Document first = new Document(document.key(), version, document.content());
      written.add(first);
      if (!patiently(deadline, () -> store.holdsOnceCreated(first))) {
        throw writtenByOthers(namespace);
      }
    }
    // Another rebuild may have begun while the API server was waited for.
    if (!patiently(deadline, () -> store.holdsExactly(written))) {
      throw writtenByOthers(namespace);
    }
    patiently(deadline, store::createMarker);
  }

  private static StartException writtenByOthers(String namespace) {
    return new StartException(
        ExitCode.REFUSED,
        "somebody else writes a state into the namespace " + namespace + " at this moment");
  }

  private boolean holdsAny() {
    return asked("read", () -> get(StateObject.MARKER)).isPresent() || !readAll().isEmpty();
  }

  /** An attempt that was not answered may have made it. */
  private boolean holdsOnceCreated(Document document) {
    if (asked("written", () -> create(document))) {
      return true;
    }
    Document found =
        read(document.key())
            .orElseThrow(() ->
                new StoreException(
                    Kind.FAILED,
                    "the ConfigMap %s of namespace %s cannot be made, and is not there"
                        .formatted(StateObject.name(document.key()), namespace),
                    null));
    return isSame(document, found);
  }

  private boolean holdsExactly(List<Document> documents) {
    List<Document> found = readAll();
    return found.size() == documents.size()
        && documents.stream()
            .allMatch(each -> found.stream().anyMatch(other -> isSame(each, other)));
  }

  private static boolean isSame(Document one, Document other) {
    return one.key().equals(other.key())
        && one.version() == other.version()
        && Arrays.equals(one.content(), other.content());
  }

  /** True once it is there: another coordinator, or an attempt not answered, may have made it. */
  private boolean createMarker() {
    return asked(
        "written",
        () -> {
          try {
            objects().resource(StateObject.marker()).create();
          } catch (KubernetesClientException e) {
            if (e.getCode() != HttpURLConnection.HTTP_CONFLICT) {
              throw e;
            }
            StateObject.checkFormat(get(StateObject.MARKER).orElseThrow(() -> e));
          }
          return true;
        });
  }

  /** Tries a step until it works, or until the deadline. */
  private static boolean patiently(long deadline, BooleanSupplier step)
      throws InterruptedException {
    boolean told = false;
    while (true) {
      try {
        return step.getAsBoolean();
      } catch (StoreException e) {
        if (e.kind() == Kind.FOREIGN) {
          throw new StartException(ExitCode.REFUSED, e.getMessage(), e);
        }
        if (System.nanoTime() - deadline > 0) {
          throw new StartException(ExitCode.STORAGE, e.getMessage(), e);
        }
        if (!told) {
          told = true;
          LOG.atWarn().addKeyValue("reason", e.getMessage()).log("waits for the API server");
        }
        Thread.sleep(AGAIN);
      }
    }
  }

  /** True, since what cannot be found is said by an exception. */
  private boolean find(boolean initialise) {
    Optional<ConfigMap> marker = asked("read", () -> get(StateObject.MARKER));
    if (marker.isPresent()) {
      StateObject.checkFormat(marker.get());
      return true;
    }
    if (!initialise) {
      throw refused("--init makes a new one for an installation that holds nothing yet");
    }
    if (!readAll().isEmpty()) {
      throw refused(
          "but records of clusters are there; restore it, or run `starling admin rebuild-coordinator"
              + " --kubernetes-namespace %s`".formatted(namespace));
    }
    int claims =
        asked(
            "read",
            () ->
                client
                    .persistentVolumeClaims()
                    .inNamespace(namespace)
                    .withLabels(CLAIMS)
                    .list()
                    .getItems()
                    .size());
    if (claims > 0) {
      throw refused(
          ("but %d volume claims of servers are there; restore it, or have it worked out from them by"
                  + " `starling admin rebuild-coordinator --kubernetes-namespace %s`, or delete the"
                  + " claims if nothing in them is to be kept")
              .formatted(claims, namespace));
    }
    return createMarker();
  }

  private StartException refused(String sentence) {
    return new StartException(
        ExitCode.REFUSED,
        "the namespace %s has no ConfigMap %s: a coordinator without its state would begin anew over clusters that exist: %s"
            .formatted(namespace, StateObject.MARKER, sentence));
  }

  @Override
  public List<Document> readAll() {
    return asked(
        "read",
        () -> {
          List<Document> documents = new ArrayList<>();
          for (ConfigMap object : objects().withLabels(StateObject.LABELS).list().getItems()) {
            documents.add(taken(object));
          }
          return documents;
        });
  }

  @Override
  public Optional<Document> read(String key) {
    return asked("read", () -> get(StateObject.name(key))).map(this::taken);
  }

  @Override
  public boolean compareAndSet(String key, long expectedVersion, byte[] content) {
    Document next = new Document(key, expectedVersion + 1, content);
    if (expectedVersion == 0) {
      return asked("written", () -> create(next));
    }
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      Seen current = seen.get(key);
      if (attempt > 0 || current == null || current.version() != expectedVersion) {
        if (read(key).filter(found -> found.version() == expectedVersion).isEmpty()) {
          return false;
        }
        current = seen.get(key);
      }
      ConfigMap object = StateObject.write(next, current.resourceVersion());
      if (asked("written", () -> replace(object))) {
        return true;
      }
    }
    throw new StoreException(
        Kind.FAILED,
        "the ConfigMap %s of namespace %s changes all the time"
            .formatted(StateObject.name(key), namespace),
        null);
  }

  private boolean create(Document document) {
    try {
      taken(objects().resource(StateObject.write(document, null)).create());
      return true;
    } catch (KubernetesClientException e) {
      if (e.getCode() == HttpURLConnection.HTTP_CONFLICT) {
        return false;
      }
      throw e;
    }
  }

  /** False when the object is not the one that was seen. */
  private boolean replace(ConfigMap object) {
    try {
      taken(
          objects()
              .resource(object)
              .lockResourceVersion(object.getMetadata().getResourceVersion())
              .update());
      return true;
    } catch (KubernetesClientException e) {
      if (e.getCode() == HttpURLConnection.HTTP_CONFLICT
          || e.getCode() == HttpURLConnection.HTTP_NOT_FOUND) {
        return false;
      }
      throw e;
    }
  }

  /** Hears of every object, and when one is deleted: then nothing is right any more. */
  @Override
  public void watch(Watcher watcher) {
    SharedIndexInformer<ConfigMap> watch =
        objects().withLabels(StateObject.LABELS).runnableInformer(0);
    watch.addEventHandler(new Handler(watcher));
    watch.exceptionHandler((started, failure) -> !closed);
    informer = watch;
    watch.start();
  }

  private final class Handler implements ResourceEventHandler<ConfigMap> {

    private final Watcher watcher;

    private Handler(Watcher watcher) {
      this.watcher = watcher;
    }

    @Override
    public void onAdd(ConfigMap object) {
      changed(object);
    }

    @Override
    public void onUpdate(ConfigMap before, ConfigMap object) {
      changed(object);
    }

    @Override
    public void onDelete(ConfigMap object, boolean finalStateUnknown) {
      // Who deleted it may have no copy. Putting it back is for a person: it may be an old one.
      LOG.atError()
          .addKeyValue("object", Serialization.asJson(StateObject.bare(object)))
          .log("a part of the state was deleted");
      watcher.broken(
          StoreException.damaged(
              object.getMetadata().getName(),
              "the ConfigMap was deleted; what it was stands in the log: see \"The coordinators'"
                  + " state\" in docs/kubernetes.md"));
    }

    private void changed(ConfigMap object) {
      try {
        watcher.changed(taken(object));
      } catch (StoreException e) {
        watcher.broken(e);
      }
    }
  }

  @Override
  public void probe() {
    asked(
        "written",
        () ->
            objects()
                .withName(StateObject.MARKER)
                .patch(PatchContext.of(PatchType.JSON_MERGE), PROBE.formatted(Instant.now())));
  }

  @Override
  public void close() {
    closed = true;
    if (informer != null) {
      informer.stop();
    }
    client.close();
  }

  private Document taken(ConfigMap object) {
    Document document = StateObject.read(object);
    Seen now = new Seen(document.version(), object.getMetadata().getResourceVersion());
    // What the watch tells is often older than what was read or written meanwhile.
    seen.merge(document.key(), now, (a, b) -> b.version() >= a.version() ? b : a);
    return document;
  }

  private Optional<ConfigMap> get(String name) {
    return Optional.ofNullable(objects().withName(name).get());
  }

  private NonNamespaceOperation<ConfigMap, ConfigMapList, Resource<ConfigMap>> objects() {
    MixedOperation<ConfigMap, ConfigMapList, Resource<ConfigMap>> all = client.configMaps();
    return all.inNamespace(namespace);
  }

  private <T> T asked(String verb, Supplier<T> question) {
    try {
      return question.get();
    } catch (KubernetesClientException e) {
      throw new StoreException(Kind.FAILED, sentence(verb, e), e);
    }
  }

  private String sentence(String verb, KubernetesClientException e) {
    if (e.getCode() <= 0) {
      return "the API server does not answer, so the state in namespace %s cannot be %s: %s"
          .formatted(namespace, verb, cause(e));
    }
    return switch (e.getCode()) {
      case HttpURLConnection.HTTP_FORBIDDEN, HttpURLConnection.HTTP_UNAUTHORIZED ->
          "the API server does not let this coordinator work in namespace %s: %s"
              .formatted(namespace, e.getMessage());
      default ->
          "the state in namespace %s cannot be %s: the API server answers %d, %s"
              .formatted(namespace, verb, e.getCode(), e.getMessage());
    };
  }

  private static String cause(Throwable e) {
    Throwable deepest = e;
    while (deepest.getCause() != null && deepest.getCause() != deepest) {
      deepest = deepest.getCause();
    }
    return deepest.getClass().getSimpleName() + ": " + deepest.getMessage();
  }
}
