package social.starling.replication;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Single messages, where a whole cluster would need luck to come to them. */
class ReplicaTest {

  private static final long MS = 1_000_000L;

  private final List<Effect> done = new ArrayList<>();
  private Replica replica;
  private long now;

  /** Entries 1 to 10, the last of epoch 2; 1 to 8 are applied and trimmed. */
  private void slaveThatTrimmedEight() {
    replica =
        new Replica(
            Options.defaults("b", "a", "b-1", 1),
            new JournalState("bv", 2, 8, 2, 10, 100, 100, List.of(), 8),
            (from, to, maxBytes) ->
                LongStream.rangeClosed(from, to).mapToObj(i -> entry(i, 2)).toList(),
            0,
            0);
    learn(new Configuration(2, "a", "a-1", Map.of("a", "av", "b", "bv"), false, "", ""));
  }

  private void learn(Configuration configuration) {
    replica.step(new Event.Learned(configuration), now);
    drain();
  }

  private void drain() {
    List<Effect> effects = replica.drain(now);
    done.addAll(effects);
    effects.forEach(each -> {
      if (each instanceof Effect.Persist persist) {
        replica.step(new Event.Persisted(persist.ticket()), now);
        drain();
      }
    });
  }

  private void receive(long epoch, long previous, long previousEpoch, long end, Entry... entries) {
    now += MS;
    replica.step(
        new Event.Received(
            new Message.Append(
                epoch, "a-1", previous, previousEpoch, List.of(entries), end, end, now)),
        now);
    drain();
  }

  private static Entry entry(long index, long epoch) {
    return new Entry(index, epoch, new RequestId("c", index), index, 10 * index, new byte[] {1});
  }

  private Message.Ack lastAck() {
    return done.stream()
        .filter(Effect.Send.class::isInstance)
        .map(each -> ((Effect.Send) each).message())
        .filter(Message.Ack.class::isInstance)
        .map(Message.Ack.class::cast)
        .reduce((first, second) -> second)
        .orElseThrow();
  }

  private void master() {
    replica =
        new Replica(
            Options.defaults("a", "b", "a-1", 1),
            new JournalState("av", 0, 0, 0, 0, 0, 0, List.of(), 0),
            (from, to, maxBytes) ->
                LongStream.rangeClosed(from, to).mapToObj(i -> entry(i, 1)).toList(),
            0,
            0);
    learn(configuration(1, Map.of("a", "av", "b", "bv")));
  }

  private static Configuration configuration(long epoch, Map<String, String> inSync) {
    return new Configuration(epoch, "a", "a-1", inSync, false, "", "");
  }

  private void acknowledge(String from, String volume, long epoch) {
    now += MS;
    replica.step(
        new Event.Received(from, new Message.Ack(epoch, volume, from + "-1", 0, now, false, 0, 0)),
        now);
    drain();
  }

  @Test
  void anotherPeerIsTakenForTheOtherMemberOnceTheFormerOneIsNotCounted() {
    master();

    replica.step(new Event.PeerNamed("c"), now);
    assertThat(replica.peer()).isEqualTo("b");
    assertThat(replica.counted()).isEqualTo("bv");

    learn(configuration(2, Map.of("a", "av")));
    assertThat(replica.peer()).isEqualTo("c");
    assertThat(replica.counted()).isNull();
  }

  @Test
  void whatAFormerPeerSaysIsNotHeard() {
    master();
    learn(configuration(2, Map.of("a", "av")));
    replica.step(new Event.PeerNamed("c"), now);

    acknowledge("b", "bv", 2);
    assertThat(replica.peerVolume()).isNull();

    acknowledge("c", "cv", 2);
    assertThat(replica.peerVolume()).isEqualTo("cv");
  }

  @Test
  void whatWasKnownOfTheFormerPeerIsNotSaidOfTheNewOne() {
    master();
    learn(configuration(2, Map.of("a", "av")));
    acknowledge("b", "bv", 2);
    assertThat(replica.peerVolume()).isEqualTo("bv");

    replica.step(new Event.PeerNamed("c"), now);

    assertThat(replica.peerVolume()).isNull();
  }

  @Test
  void aVolumeThatIsRecordedIsCountedWhateverItsMemberIsCalled() {
    master();

    learn(configuration(2, Map.of("a", "av", "c", "cv")));
    assertThat(replica.counted()).isEqualTo("cv");

    replica.step(new Event.PeerNamed("c"), now);
    assertThat(replica.peer()).isEqualTo("c");
    assertThat(replica.counted()).isEqualTo("cv");
  }

  @Test
  void whatIsTrimmedIsAgreedUponWhereverTheMessageEnds() {
    slaveThatTrimmedEight();

    receive(2, 4, 1, 10, entry(5, 2), entry(6, 2));

    assertThat(lastAck().mismatch()).isFalse();
    assertThat(lastAck().verifiedIndex()).isEqualTo(8);
  }

  @Test
  void aHeartbeatFromBeforeTheBaseAgreesUponItToo() {
    slaveThatTrimmedEight();

    receive(2, 0, 0, 10);

    assertThat(lastAck().mismatch()).isFalse();
    assertThat(lastAck().verifiedIndex()).isEqualTo(8);
  }

  @Test
  void whatFollowsTheBaseIsVerifiedOneByOne() {
    slaveThatTrimmedEight();

    receive(2, 7, 2, 10, entry(8, 2), entry(9, 2));

    assertThat(lastAck().verifiedIndex()).isEqualTo(9);
  }

  @Test
  void theMemberEndsWhenItsMasterHasAnotherEntryWhereItHasTrimmed() {
    slaveThatTrimmedEight();
    learn(new Configuration(5, "a", "a-2", Map.of("a", "av"), false, "a", "a-1"));

    receive(5, 6, 2, 8, entry(7, 5), entry(8, 5));

    assertThat(halted()).contains("committed");
    assertThat(replica.status().role()).isEqualTo(Role.FAILED);
  }

  @Test
  void theMemberEndsWhenItsMasterIsOfALaterEpochBeforeItsBase() {
    slaveThatTrimmedEight();
    learn(new Configuration(5, "a", "a-2", Map.of("a", "av"), false, "a", "a-1"));

    receive(5, 7, 5, 7);

    assertThat(halted()).contains("committed");
  }

  @Test
  void theMemberEndsWhenItsMasterEndedBeforeItsBaseWhenItsEpochBegan() {
    slaveThatTrimmedEight();
    learn(new Configuration(5, "a", "a-2", Map.of("a", "av"), false, "a", "a-1"));

    receive(5, 5, 2, 5);

    assertThat(halted()).contains("committed");
    assertThat(done.stream().filter(Effect.Send.class::isInstance)).isEmpty();
  }

  @Test
  void aLateMessageOfTheMasterThatMadeTheBaseIsNoContradiction() {
    slaveThatTrimmedEight();

    receive(2, 5, 2, 5);

    assertThat(halted()).isEqualTo("it goes on");
    assertThat(lastAck().verifiedIndex()).isEqualTo(8);
  }

  @Test
  void aClockBeyondAllIdsIsNotBelieved() {
    replica =
        new Replica(
            Options.defaults("a", "b", "a-1", 1),
            new JournalState("av", 0, 0, 0, 0, 0, 0, List.of(), 0),
            (from, to, maxBytes) -> List.of(),
            0,
            0);
    learn(new Configuration(1, "a", "a-1", Map.of("a", "av"), false, "", ""));
    now += 1_000 * MS;
    drain();
    drain();
    long year2106 = 0xFFFF_FFFFL * 1000;
    long year2026 = 1_770_000_000_000L;
    submit(1, year2026);
    submit(2, year2106);
    submit(3, year2026 + 1);

    assertThat(appended().map(Entry::timeMillis)).containsExactly(year2026, year2026, year2026 + 1);
    assertThat(appended().map(entry -> Ids.millis(entry.id())))
        .containsExactly(year2026, year2026, year2026 + 1);
  }

  private void submit(long sequence, long wallMillis) {
    assertThat(replica.submit(new RequestId("c", sequence), new byte[] {1}, wallMillis, now))
        .isInstanceOf(Submission.Accepted.class);
    drain();
  }

  private Stream<Entry> appended() {
    return done.stream()
        .filter(Effect.Persist.class::isInstance)
        .flatMap(each -> ((Effect.Persist) each).append().stream());
  }

  private String halted() {
    return done.stream()
        .filter(Effect.Halt.class::isInstance)
        .map(each -> ((Effect.Halt) each).why())
        .findFirst()
        .orElse("it goes on");
  }
}
