package social.starling.server.world;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import social.starling.proto.journal.v1.Answer;
import social.starling.proto.journal.v1.Delete;
import social.starling.proto.journal.v1.Follow;
import social.starling.proto.journal.v1.Login;
import social.starling.proto.journal.v1.Post;
import social.starling.proto.journal.v1.Request;
import social.starling.proto.journal.v1.Unfollow;
import social.starling.replication.Ids;
import social.starling.replication.RequestId;
import social.starling.replication.Requester;
import social.starling.server.state.State;

/**
 * A user: writes one thing after the other, repeats each until it is answered, and watches a live
 * stream that it resumes by its cursor wherever it can be read.
 */
final class SimulatedUser implements Requester {

  private final World world;
  private final Cluster cluster;
  private final String name;
  private final String client;

  private long sequence;
  private byte[] request;
  private boolean answered = true;
  private boolean known;
  private int target;
  private int attempt;
  private String unfollowed;
  private int made;

  private long cursor;
  private int watching;
  private State watched;
  private final List<Long> streamed = new ArrayList<>();
  private final Set<Long> shown = new HashSet<>();
  private final Map<String, Long> newest = new HashMap<>();

  SimulatedUser(World world, Cluster cluster, String name) {
    this.world = world;
    this.cluster = cluster;
    this.name = name;
    client = "%013d-of-%s".formatted(Ids.ORIGIN_MILLIS + 59_000_000_000L, name);
  }

  String name() {
    return name;
  }

  boolean idle() {
    return answered;
  }

  /** Posts that the stream has shown, in order. */
  Set<Long> shown() {
    return shown;
  }

  // ---------------------------------------------------------------- writing

  void start() {
    long late = world.random().nextInt(4) == 0 ? world.random().nextLong(8_000 * World.MILLI) : 0;
    world.time().after(late + think(), this::write);
    world.time().after(late + think(), this::watch);
  }

  private long think() {
    return world.random().nextLong((world.fickle() ? 150 : 360) * World.MILLI);
  }

  private void write() {
    if (!world.writing()) {
      return;
    }
    Request.Builder body = Request.newBuilder().setUser(name).setConfirmed(sequence);
    choose(body);
    if (body.getBodyCase() == Request.BodyCase.BODY_NOT_SET) {
      world.time().after(think(), this::write);
      return;
    }
    sequence++;
    request = body.build().toByteArray();
    answered = false;
    if (body.hasFollow()) {
      int home = world.home(body.getFollow().getName());
      world.asked(id(), cluster.chronicle().cursor(home).index());
    }
    attempt();
  }

  private RequestId id() {
    return new RequestId(client, sequence);
  }

  private void choose(Request.Builder body) {
    int chance = world.fickle() ? 5 + world.random().nextInt(14) : world.random().nextInt(20);
    if (!known) {
      body.setLogin(Login.getDefaultInstance());
    } else if (chance < 9) {
      body.setPost(Post.newBuilder().setText("%s's %d".formatted(name, ++made)));
    } else if (chance < 14) {
      String author = unfollowed != null && world.random().nextBoolean() ? unfollowed : somebody();
      if (!author.equals(name)) {
        unfollowed = null;
        body.setFollow(Follow.newBuilder().setName(author));
      }
    } else if (chance < 17) {
      String author = followed();
      if (author != null) {
        unfollowed = author;
        body.setUnfollow(Unfollow.newBuilder().setName(author));
      }
    } else {
      List<Chronicle.Posted> own = cluster.chronicle().postsOf(name);
      if (!own.isEmpty()) {
        int back = 1 + world.random().nextInt(Math.min(own.size(), 5));
        Chronicle.Posted post = own.get(own.size() - back);
        if (!post.deleted()) {
          body.setDelete(Delete.newBuilder().setId(post.id));
        }
      }
    }
  }

  private String followed() {
    List<String> authors =
        cluster.chronicle().lastWords().values().stream()
            .filter(word -> word.followed() && word.pair().follower().equals(name))
            .map(word -> word.pair().author())
            .toList();
    return authors.isEmpty() ? null : authors.get(world.random().nextInt(authors.size()));
  }

  private String somebody() {
    Cluster at = world.clusters().get(world.random().nextInt(world.clusters().size()));
    return at.users().get(world.random().nextInt(at.users().size())).name();
  }

  private void attempt() {
    int number = ++attempt;
    cluster.pair().submit(target, id(), request, this);
    if (world.random().nextInt(40) == 0) {
      cluster.pair().submit(1 - target, id(), request, this);
    }
    world
        .time()
        .after(
            (50 + world.random().nextLong(300)) * World.MILLI,
            () -> again(number, world.random().nextInt(3) > 0));
  }

  private void again(int number, boolean elsewhere) {
    if (!answered && attempt == number) {
      world.counts().add(Seen.RETRIES);
      target = elsewhere ? 1 - target : target;
      attempt();
    }
  }

  @Override
  public void refused(RequestId refused) {
    if (refused.sequence() == sequence && !answered) {
      int number = ++attempt;
      world
          .time()
          .after((10 + world.random().nextLong(60)) * World.MILLI, () -> again(number, true));
    }
  }

  @Override
  public void done(RequestId done, long index) {
    if (done.sequence() != sequence || answered) {
      return;
    }
    answered = true;
    Answer answer = cluster.chronicle().answer(index);
    known |= !answer.getUser().isEmpty();
    world.counts().add(Seen.WRITES);
    world.time().after(think(), this::write);
  }

  // ---------------------------------------------------------------- reading

  private void watch() {
    read();
    if (world.writing()) {
      world.time().after(think(), this::watch);
    }
  }

  /** Reads on in the stream; whether there may be more. */
  boolean read() {
    State state = cluster.readable(watching);
    if (state == null) {
      watching = 1 - watching;
      return true;
    }
    if (!state.exists(name)) {
      return false;
    }
    world.counts().add(Seen.READS);
    if (watched != state) {
      if (watched != null) {
        world.counts().add(Seen.STREAMS_MOVED);
        cursor = world.plant().resumes(cursor, state);
      }
      watched = state;
    }
    State.Stream stream =
        state.streamSince(name, cursor, 1 + world.random().nextInt(5)).orElseThrow();
    for (State.Streamed post : stream.posts()) {
      show(post.post());
      cursor = post.index();
      if (world.faulty() && world.random().nextInt(8) == 0) {
        return true; // Cut in the middle.
      }
    }
    boolean more = !stream.posts().isEmpty() || stream.cursor() > cursor;
    cursor = stream.cursor();
    checkTimeline(state);
    return more;
  }

  private void show(social.starling.proto.sns.v1.Post post) {
    int home = world.home(post.getAuthor());
    Chronicle.Posted posted = world.cluster(home).chronicle().post(post.getId());
    Long last = newest.put(post.getAuthor(), post.getId());
    boolean once = shown.add(post.getId());
    if (posted == null || !once || last != null && last >= post.getId()) {
      throw new Broken(
          Promise.STREAMED,
          "%s is shown %s of %s after %s: %s"
              .formatted(name, post.getId(), post.getAuthor(), last, posted));
    }
    streamed.add(post.getId());
    world.counts().add(Seen.STREAMED);
    if (home != cluster.number()) {
      world.counts().add(Seen.STREAMED_ACROSS);
    }
  }

  private void checkTimeline(State state) {
    long last = Long.MAX_VALUE;
    for (social.starling.proto.sns.v1.Post post :
        state.timeline(name, 0, 0, 20).orElseThrow().posts()) {
      if (post.getId() >= last) {
        throw new Broken(
            Promise.ONCE, "%s's timeline shows %d after %d".formatted(name, post.getId(), last));
      }
      last = post.getId();
    }
  }
}
