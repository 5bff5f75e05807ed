package social.starling.server.state;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import social.starling.proto.journal.v1.Answer;
import social.starling.proto.journal.v1.Login;
import social.starling.proto.journal.v1.Post;
import social.starling.proto.journal.v1.Request;
import social.starling.replication.Entry;
import social.starling.replication.RequestId;

class AnswersTest {

  private static final long DAY = 24 * 60 * 60 * 1000L;

  private final Entries entries = new Entries();
  private final State state = Entries.state();
  private final String client = Entries.client(Entries.START - 10);

  AnswersTest() {
    state.apply(entries.login("alice"));
  }

  private Answer post(String name, long sequence, long confirmed, String text) {
    return apply(new RequestId(name, sequence), confirmed, text);
  }

  private Answer apply(RequestId write, long confirmed, String text) {
    Request request = request(confirmed, text);
    Entry entry = entries.next(write, request.toByteArray());
    var before = state.lookup(write, request);
    Answer answer = state.apply(entry).answer();
    before.ifPresent(early -> assertThat(answer).isEqualTo(early));
    return answer;
  }

  private static Request request(long confirmed, String text) {
    return Request.newBuilder()
        .setUser("alice")
        .setConfirmed(confirmed)
        .setPost(Post.newBuilder().setText(text))
        .build();
  }

  private int posts() {
    return state.posts("alice", 0, 0, 10_000).orElseThrow().size();
  }

  @Test
  void aRepeatGetsTheFirstAnswerAndNoSecondEffect() {
    Answer first = post(client, 1, 0, "once");
    entries.passes(5_000);

    assertThat(post(client, 1, 0, "once")).isEqualTo(first);
    assertThat(state.lookup(new RequestId(client, 1), request(0, "once"))).contains(first);
    assertThat(posts()).isEqualTo(1);
  }

  @Test
  void aRepeatChangesNothingAtAll() {
    post(client, 1, 0, "once");
    Change.Totals before = state.totals();

    Entry repeat = entries.next(new RequestId(client, 1), request(0, "once").toByteArray());
    Change change = state.apply(repeat).change();

    assertThat(change.effects()).isEmpty();
    assertThat(change.totals()).isEqualTo(before);
  }

  @Test
  void aRefusalIsRecordedToo() {
    Answer refused = post(client, 1, 0, "");
    assertThat(refused.getReason()).isEqualTo("INVALID_TEXT");
    assertThat(post(client, 1, 0, "")).isEqualTo(refused);
  }

  @Test
  void aSequenceWithOtherContentIsRefusedAndTheFirstAnswerStays() {
    Answer first = post(client, 1, 0, "one");

    assertThat(post(client, 1, 0, "two").getReason()).isEqualTo("SEQUENCE_REUSED");
    assertThat(post(client, 1, 0, "one")).isEqualTo(first);
    assertThat(posts()).isEqualTo(1);
  }

  @Test
  void writesOfAClientMayOvertakeEachOther() {
    assertThat(post(client, 3, 0, "third").getReason()).isEmpty();
    assertThat(post(client, 1, 0, "first").getReason()).isEmpty();
    assertThat(post(client, 2, 0, "second").getReason()).isEmpty();
    assertThat(posts()).isEqualTo(3);
  }

  @Test
  void whatAClientConfirmedIsForgottenAndNeverDoneAgain() {
    post(client, 1, 0, "one");
    post(client, 2, 1, "two");

    assertThat(post(client, 1, 0, "one").getReason()).isEqualTo("SESSION_EXPIRED");
    assertThat(post(client, 2, 1, "two").getReason()).isEmpty();
    assertThat(posts()).isEqualTo(2);
  }

  @Test
  void aHigherConfirmationDoesNotMakeARepeatAnotherContent() {
    post(client, 1, 0, "one");
    Answer second = post(client, 2, 0, "two");
    assertThat(post(client, 2, 1, "two")).isEqualTo(second);
  }

  @Test
  void aConfirmationAtOrAboveTheOwnSequenceIsRefused() {
    assertThat(post(client, 1, 1, "one").getReason()).isEqualTo("INVALID_REQUEST");
    assertThat(post(client, 1, -1, "one").getReason()).isEqualTo("INVALID_REQUEST");
    assertThat(posts()).isZero();
  }

  @Test
  void clientIdsOfAnotherFormAreRefused() {
    for (String name :
        List.of(
            "x",
            "1795301401123",
            "1795301401123-",
            "179530140112-abc",
            "17953014011234-abc",
            "1795301401123-a b",
            "1795301401123-" + "a".repeat(51))) {
      assertThat(post(name, 1, 0, "x").getReason()).as(name).isEqualTo("INVALID_REQUEST");
    }
    assertThat(posts()).isZero();
    assertThat(post("1795301401123-" + "a".repeat(50), 1, 0, "x").getReason()).isEmpty();
  }

  @Test
  void theOldestAnswersOfAClientThatNeverConfirmsAreForgotten() {
    for (int i = 1; i <= Answers.MAX_PER_CLIENT + 2; i++) {
      post(client, i, 0, "post " + i);
    }
    assertThat(post(client, 1, 0, "post 1").getReason()).isEqualTo("SESSION_EXPIRED");
    assertThat(post(client, 2, 0, "post 2").getReason()).isEqualTo("SESSION_EXPIRED");
    assertThat(post(client, 3, 0, "post 3").getReason()).isEmpty();
    assertThat(posts()).isEqualTo(Answers.MAX_PER_CLIENT + 2);
  }

  @Test
  void expiryForgetsSilentClientsForGood() {
    post(client, 1, 0, "one");
    entries.passes(DAY);
    String fresh = Entries.client(entries.time());
    post(fresh, 1, 0, "fresh");
    int clients = state.clientCount();

    state.apply(entries.expire(entries.time() - DAY / 2));

    assertThat(state.clientCount()).isEqualTo(clients - 2);
    assertThat(post(client, 1, 0, "one").getReason()).isEqualTo("SESSION_EXPIRED");
    assertThat(post(client, 2, 0, "two").getReason()).isEqualTo("SESSION_EXPIRED");
    assertThat(post(fresh, 2, 0, "more").getReason()).isEmpty();
    assertThat(post(Entries.client(entries.time() - DAY / 3), 1, 0, "new").getReason()).isEmpty();
    assertThat(posts()).isEqualTo(4);
  }

  @Test
  void aClientThatKeepsWritingOutlivesTheHorizon() {
    post(client, 1, 0, "one");
    entries.passes(2 * DAY);
    Answer second = post(client, 2, 0, "two");
    state.apply(entries.expire(entries.time() - DAY));

    assertThat(post(client, 1, 0, "one").getReason()).isEmpty();
    assertThat(post(client, 2, 0, "two")).isEqualTo(second);
    assertThat(posts()).isEqualTo(2);
  }

  @Test
  void aClientWhoseClockRunsAheadIsKeptUntilTheHorizonPassesIt() {
    String ahead = Entries.client(entries.time() + DAY / 2);
    post(ahead, 1, 0, "one");
    entries.passes(DAY / 4);
    state.apply(entries.expire(entries.time()));
    assertThat(post(ahead, 1, 0, "one").getReason()).isEmpty();

    entries.passes(DAY);
    state.apply(entries.expire(entries.time()));
    assertThat(post(ahead, 1, 0, "one").getReason()).isEqualTo("SESSION_EXPIRED");
    assertThat(posts()).isEqualTo(1);
  }

  @Test
  void aClientWhoseClockIsMoreThanADayAheadIsRefused() {
    String ahead = Entries.client(entries.time() + DAY + 1);
    assertThat(post(ahead, 1, 0, "x").getReason()).isEqualTo("INVALID_REQUEST");
    assertThat(posts()).isZero();
  }

  @Test
  void expiryNeverShutsOutClientsThatAreYetToBeMade() {
    state.apply(entries.expire(entries.time() + 10 * DAY));
    assertThat(post(Entries.client(entries.time() + 1), 1, 0, "x").getReason()).isEmpty();
  }

  @Test
  void onlyTheSystemLetsAnswersExpire() {
    Request request =
        Request.newBuilder()
            .setUser("alice")
            .setExpireAnswers(
                social.starling.proto.journal.v1.ExpireAnswers.newBuilder()
                    .setBeforeMillis(entries.time()))
            .build();
    Entry entry = entries.next(new RequestId(client, 1), request.toByteArray());
    assertThat(state.apply(entry).answer().getReason()).isEqualTo("INVALID_REQUEST");
    assertThat(state.totals().horizon()).isZero();
  }

  @Test
  void whenThereAreTooManyClientsThoseSilentLongestAreForgotten() {
    Answers answers = new Answers(3, 100);
    List<Effect> effects = new ArrayList<>();
    Request login = Request.newBuilder().setUser("x").setLogin(Login.getDefaultInstance()).build();
    for (int i = 0; i < 5; i++) {
      RequestId write = new RequestId(Entries.client(Entries.START + i), 1);
      Entry entry = new Entry(1 + i, 1, write, Entries.START + 10L * i, 1 + i, login.toByteArray());
      assertThat(answers.lookup(write, login)).isEmpty();
      answers.record(entry, login, Answer.getDefaultInstance(), effects);
    }

    assertThat(answers.clientCount()).isEqualTo(3);
    assertThat(effects)
        .filteredOn(Effect.ClientDropped.class::isInstance)
        .containsExactly(new Effect.ClientDropped(1), new Effect.ClientDropped(2));
    for (int i = 0; i < 2; i++) {
      assertThat(answers.lookup(new RequestId(Entries.client(Entries.START + i), 1), login))
          .hasValueSatisfying(
              answer -> assertThat(answer.getReason()).isEqualTo("SESSION_EXPIRED"));
    }
    assertThat(answers.lookup(new RequestId(Entries.client(Entries.START + 4), 1), login))
        .contains(Answer.getDefaultInstance());
  }

  @Test
  void theSumIsThatOfWhatIsLeft() {
    Answers answers = new Answers(4, 6);
    List<Effect> effects = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      Request login =
          Request.newBuilder()
              .setUser("x")
              .setConfirmed(i % 5 == 4 ? i / 10 : 0)
              .setLogin(Login.getDefaultInstance())
              .build();
      RequestId write = new RequestId(Entries.client(Entries.START + i % 7), 1 + i / 7);
      Entry entry = new Entry(1 + i, 1, write, Entries.START + i, 1 + i, login.toByteArray());
      if (answers.lookup(write, login).isEmpty()) {
        answers.record(entry, login, Answer.getDefaultInstance(), effects);
      }
    }
    assertThat(answers.clientCount()).isLessThanOrEqualTo(4);
    assertThat(answers.answerCount()).isLessThanOrEqualTo(6);

    answers.raiseHorizon(Entries.START + 1_000_000, effects);

    assertThat(answers.clientCount()).isZero();
    assertThat(answers.answerCount()).isZero();
    assertThat(answers.checksum()).isZero();
  }
}
