package social.starling.torture.load;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import social.starling.client.ClientOptions;
import social.starling.client.Post;
import social.starling.client.PostPage;
import social.starling.client.StarlingClient;
import social.starling.client.StarlingException;
import social.starling.client.User;
import social.starling.client.UserPage;
import social.starling.proto.replication.v1.DigestResponse;
import social.starling.proto.replication.v1.FileDigest;
import social.starling.proto.sns.v1.Reason;
import social.starling.torture.history.Stored;

/** Reads back everything that is there, once nothing changes any more. One thread. */
public final class Inventory {

  private static final Duration CATCH_UP = Duration.ofSeconds(60);
  private static final Duration QUIET = Duration.ofSeconds(30);
  private static final Duration AGAIN = Duration.ofMillis(500);
  private static final int PAGE = PostPage.MAX_LIMIT;
  private static final int NAMES = 500;

  /**
   * What is asked besides users' calls.
   *
   * @param routers {@code host:port} of each
   * @param members names of the two members of a cluster
   * @param digest of everything that a member holds
   */
  public record Place(
      List<String> routers,
      Function<String, List<String>> members,
      Function<String, DigestResponse> digest) {}

  private final Place place;
  private final Crowd crowd;
  private final Notebook notebook;
  private final List<String> clusters;

  /** Of a crowd whose work has ended, and whose readers still hold their streams. */
  public Inventory(Place place, Crowd crowd, Notebook notebook, List<String> clusters) {
    this.place = place;
    this.crowd = crowd;
    this.notebook = notebook;
    this.clusters = List.copyOf(clusters);
  }

  /**
   * Waits until all clusters know of each other what they have to, or for a while, and reads.
   *
   * @param late told what had not caught up in that time, in sentences
   */
  public Stored take(Consumer<String> late) throws InterruptedException {
    String anyone = crowd.people().keySet().iterator().next();
    try (StarlingClient client =
        StarlingClient.connect(ClientOptions.of(anyone).withRouters(place.routers()))) {
      Map<String, List<Long>> posts = new TreeMap<>();
      for (String author : crowd.authors()) {
        posts.put(author, known(() -> all(page -> client.posts(author, page))));
      }
      Map<String, Long> newest = new TreeMap<>();
      posts.forEach((author, ids) -> {
        if (!ids.isEmpty()) {
          newest.put(author, ids.getLast());
        }
      });
      crowd.awaitShown(newest, CATCH_UP).stream()
          .map(sentence -> sentence + " within " + CATCH_UP.toSeconds() + " s of the end")
          .forEach(late);
      long end = System.nanoTime() + CATCH_UP.toNanos();
      Stored stored = read(client, posts);
      while (!agrees(stored) && System.nanoTime() - end < 0) {
        Thread.sleep(AGAIN);
        stored = read(client, posts);
      }
      return stored;
    }
  }

  private Stored read(StarlingClient client, Map<String, List<Long>> posts)
      throws InterruptedException {
    Map<String, List<String>> following = new TreeMap<>();
    Map<String, List<String>> followers = new TreeMap<>();
    Map<String, List<Long>> timelines = new TreeMap<>();
    for (String name : crowd.people().keySet()) {
      try (StarlingClient self = client.as(name)) {
        following.put(name, known(() -> Session.names(self::listFollowing)));
        followers.put(name, known(() -> Session.names(self::listFollowers)));
      }
    }
    for (String name : crowd.timelines()) {
      try (StarlingClient self = client.as(name)) {
        timelines.put(name, known(() -> all(page -> self.timeline(page).posts())));
      }
    }
    Map<String, Map<String, String>> digests = new TreeMap<>();
    List<String> different = new ArrayList<>();
    for (String cluster : clusters) {
      digests.put(cluster, digests(cluster, different));
    }
    return new Stored(posts, following, followers, timelines, users(client), digests, different);
  }

  /** Nothing of a user who is not there any more: that is the checkers' to judge. */
  private static <T> List<T> known(Supplier<List<T>> read) {
    try {
      return read.get();
    } catch (StarlingException e) {
      if (e.reason().equals(Optional.of(Reason.USER_UNKNOWN))) {
        return List.of();
      }
      throw e;
    }
  }

  /** Whether the clusters know of each other what they have to. */
  private static boolean agrees(Stored stored) {
    boolean follows =
        stored.following().entrySet().stream()
            .allMatch(entry ->
                entry.getValue().stream()
                    .allMatch(name -> stored.followers().get(name).contains(entry.getKey())));
    boolean followers =
        stored.followers().entrySet().stream()
            .allMatch(entry ->
                entry.getValue().stream()
                    .allMatch(name -> stored.following().get(name).contains(entry.getKey())));
    TreeSet<Long> all = new TreeSet<>();
    stored.posts().values().forEach(all::addAll);
    boolean timelines =
        stored.timelines().values().stream().allMatch(ids -> new TreeSet<>(ids).equals(all));
    boolean users = stored.users().values().stream().distinct().count() == 1;
    return follows && followers && timelines && users;
  }

  /** By member, each at the same applied index. */
  private Map<String, String> digests(String cluster, List<String> different)
      throws InterruptedException {
    long end = System.nanoTime() + QUIET.toNanos();
    List<String> members = place.members().apply(cluster);
    while (true) {
      DigestResponse one = place.digest().apply(members.getFirst());
      DigestResponse other = place.digest().apply(members.getLast());
      if (one.getAppliedIndex() == other.getAppliedIndex()) {
        differences(cluster, one, other, different);
        return new TreeMap<>(
            Map.of(members.getFirst(), shown(one), members.getLast(), shown(other)));
      }
      if (System.nanoTime() - end > 0) {
        different.add(
            "%s: not quiet for %d s: %s has applied %d, %s %d"
                .formatted(
                    cluster,
                    QUIET.toSeconds(),
                    members.getFirst(),
                    one.getAppliedIndex(),
                    members.getLast(),
                    other.getAppliedIndex()));
        return Map.of();
      }
      Thread.sleep(AGAIN);
    }
  }

  private static String shown(DigestResponse digest) {
    return HexFormat.of()
        .formatHex(digest.getTablesSha256().concat(digest.getFilesSha256()).toByteArray());
  }

  private static void differences(
      String cluster, DigestResponse one, DigestResponse other, List<String> different) {
    if (!one.getTablesSha256().equals(other.getTablesSha256())) {
      different.add(cluster + ": the tables of the members differ");
    }
    Map<String, FileDigest> files = new TreeMap<>();
    one.getFilesList().forEach(file -> files.put(file.getPath(), file));
    for (FileDigest file : other.getFilesList()) {
      if (!file.equals(files.remove(file.getPath()))) {
        different.add("%s: %s differs".formatted(cluster, file.getPath()));
      }
    }
    files.keySet().forEach(path -> different.add("%s: %s is on one".formatted(cluster, path)));
    one.getDamageList().forEach(sentence -> different.add(cluster + ": damage: " + sentence));
    other.getDamageList().forEach(sentence -> different.add(cluster + ": damage: " + sentence));
  }

  private Map<String, List<String>> users(StarlingClient client) {
    Map<String, List<String>> users = new TreeMap<>();
    Map<String, String> people = crowd.people();
    for (String cluster : clusters) {
      String name =
          people.keySet().stream()
              .filter(one -> people.get(one).equals(cluster))
              .findFirst()
              .orElseThrow();
      try (StarlingClient self = client.as(name)) {
        List<String> names = new ArrayList<>();
        UserPage page = self.listUsers(NAMES, "");
        page.users().stream().map(User::name).forEach(names::add);
        while (!page.next().isEmpty()) {
          page = self.listUsers(NAMES, page.next());
          page.users().stream().map(User::name).forEach(names::add);
        }
        users.put(cluster, names);
      }
    }
    return users;
  }

  /** All pages, oldest first. */
  private List<Long> all(Function<PostPage, List<Post>> read) {
    List<Long> ids = new ArrayList<>();
    PostPage page = PostPage.newest(PAGE);
    while (true) {
      List<Post> some = read.apply(page);
      some.forEach(post -> notebook.saw(post, "the inventory"));
      some.stream().map(Post::id).forEach(ids::add);
      if (some.size() < PAGE) {
        Collections.reverse(ids);
        return ids;
      }
      page = page.below(some.getLast().id());
    }
  }
}
