package social.starling.server.state;

import com.google.protobuf.InvalidProtocolBufferException;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import social.starling.proto.journal.v1.Answer;
import social.starling.proto.journal.v1.Request;
import social.starling.proto.sns.v1.Reason;
import social.starling.replication.Entry;
import social.starling.replication.RequestId;

/**
 * The recorded answers: each (client, sequence) takes effect once, in bounded memory.
 *
 * <p>A client's id is {@code <13 digits>-<1 to 50 of A-Z a-z 0-9 _ ->}: the milliseconds since
 * 1970-01-01Z at which it was made, by the client's clock, and random characters. Others are
 * refused. The rules:
 *
 * <ol>
 *   <li>A recorded sequence with the same content gets its answer again; with other content,
 *       SEQUENCE_REUSED. Neither changes anything.
 *   <li>A client's <i>floor</i> is the highest sequence that it confirmed, or that was dropped
 *       because it had more than {@value #MAX_PER_CLIENT} answers recorded. A sequence at or below
 *       it that is not recorded gets SESSION_EXPIRED.
 *   <li>The <i>horizon</i> is a time that only rises. A client is forgotten, whole, once it was
 *       made before the horizon and its last write is older than the horizon too. A client that is
 *       not known and was made before the horizon gets SESSION_EXPIRED, whatever its sequence. So a
 *       forgotten client never comes back, though nothing is kept of it, and a client that is not
 *       known and was made since the horizon has never written: it may begin with any sequence,
 *       since its first writes may overtake each other.
 *   <li>{@code ExpireAnswers} raises the horizon to the time that it names. When more than {@value
 *       #MAX_CLIENTS} clients or {@value #MAX_ANSWERS} answers would be held, the horizon rises
 *       just above the last write of the client that has been silent longest.
 *   <li>A client that claims to be made more than a day after the time of its entry is refused, so
 *       that clocks that run ahead cannot hold on to memory for ever; one that runs ahead less is
 *       only kept that much longer. A clock that runs behind by more than the age at which answers
 *       expire cannot begin to write.
 * </ol>
 *
 * <p>All this depends on the entries only, never on a clock. Thread-safe: one thread applies, any
 * looks up.
 */
final class Answers {

  static final int MAX_PER_CLIENT = 1024;
  static final int MAX_CLIENTS = 100_000;
  static final int MAX_ANSWERS = 200_000;
  static final long MAX_AHEAD_MILLIS = 24 * 60 * 60 * 1000L;

  private static final int DIGITS = 13;
  private static final int MAX_ID = 64;

  private final int maxClients;
  private final int maxAnswers;
  private final Map<String, Client> clients = new HashMap<>();

  /**
   * Clients whose last write is not older than they are, longest silent first: a ring through this
   * one, which is none.
   */
  private final Client silent = new Client(0, "");

  /** Clients that claim to be made after their last write, earliest made first. */
  private final TreeSet<Client> ahead =
      new TreeSet<>(
          Comparator.comparingLong((Client client) -> client.born)
              .thenComparingLong(client -> client.number));

  private int answers;
  private long horizon;
  private long checksum;

  Answers() {
    this(MAX_CLIENTS, MAX_ANSWERS);
  }

  Answers(int maxClients, int maxAnswers) {
    this.maxClients = maxClients;
    this.maxAnswers = maxAnswers;
  }

  synchronized long horizon() {
    return horizon;
  }

  /** Sum of the hashes of all rows. */
  synchronized long checksum() {
    return checksum;
  }

  synchronized int clientCount() {
    return clients.size();
  }

  synchronized int answerCount() {
    return answers;
  }

  /** The answer, if the request must not take effect: a recorded one or a refusal. */
  synchronized Optional<Answer> lookup(RequestId id, Request request) {
    if (id.isNone()) {
      return Optional.empty();
    }
    Client client = clients.get(id.client());
    long born = born(client, id);
    if (born < 0 || id.sequence() < 1) {
      return Optional.of(
          Refusal.of(
              Reason.INVALID_REQUEST,
              "the write is not named by a client id (13 digits of milliseconds, '-', random"
                  + " characters) and a sequence from 1"));
    }
    if (request.getConfirmed() < 0 || request.getConfirmed() >= id.sequence()) {
      return Optional.of(
          Refusal.of(
              Reason.INVALID_REQUEST,
              "write %s confirms sequence %s, which is not below its own"
                  .formatted(id, Long.toUnsignedString(request.getConfirmed()))));
    }
    if (client == null) {
      return born < horizon
          ? Optional.of(
              Refusal.of(
                  Reason.SESSION_EXPIRED,
                  "the answers of this client were dropped; write "
                      + id
                      + " was done once or never. Begin with a new client id (and check that this"
                      + " computer's clock is not far behind)"))
          : Optional.empty();
    }
    int at = client.find(id.sequence());
    if (at >= 0) {
      return Optional.of(
          client.hashes[at] == Requests.hash(request)
              ? client.answer(at)
              : Refusal.of(
                  Reason.SEQUENCE_REUSED,
                  "write %s was used for something else; nothing was done".formatted(id)));
    }
    return id.sequence() <= client.floor
        ? Optional.of(
            Refusal.of(
                Reason.SESSION_EXPIRED,
                "the answer of write %s was confirmed or dropped; it was done once or never"
                    .formatted(id)))
        : Optional.empty();
  }

  /** Why an entry that {@link #lookup} lets pass is refused all the same, by its time. */
  synchronized Optional<Answer> refuse(Entry entry) {
    RequestId id = entry.requestId();
    if (id.isNone()) {
      return Optional.empty();
    }
    return born(clients.get(id.client()), id) > entry.timeMillis() + MAX_AHEAD_MILLIS
        ? Optional.of(
            Refusal.of(
                Reason.INVALID_REQUEST,
                "the client id was made more than a day in the future; set this computer's clock"))
        : Optional.empty();
  }

  /** Records the answer to an entry that took effect or was refused by the state. */
  synchronized void record(Entry entry, Request request, Answer answer, List<Effect> effects) {
    RequestId id = entry.requestId();
    if (id.isNone()) {
      return;
    }
    Client client = clients.get(id.client());
    if (client == null) {
      client = new Client(entry.index(), id.client());
      clients.put(client.name, client);
    } else {
      checksum -= client.rowHash();
      unlist(client);
    }
    client.lastTime = entry.timeMillis();
    client.lastIndex = entry.index();
    list(client);
    raiseFloor(client, request.getConfirmed());
    byte[] bytes = answer.toByteArray();
    long hash = Requests.hash(request);
    client.add(id.sequence(), hash, bytes);
    answers++;
    checksum += client.answerHash(client.find(id.sequence()));
    if (client.size > MAX_PER_CLIENT) {
      raiseFloor(client, client.sequences[0]);
    }
    checksum += client.rowHash();
    effects.add(
        new Effect.ClientWrote(
            client.number, client.name, client.floor, client.lastTime, client.lastIndex));
    effects.add(new Effect.AnswerRecorded(client.number, id.sequence(), hash, bytes));
    while (clients.size() > maxClients || answers > maxAnswers) {
      raiseHorizon(
          silent.next == silent ? ahead.first().born + 1 : silent.next.lastTime + 1, effects);
    }
  }

  /** Raises the horizon and forgets the clients that it passes. */
  synchronized void raiseHorizon(long time, List<Effect> effects) {
    horizon = Math.max(horizon, time);
    Deque<Client> dropped = new ArrayDeque<>();
    for (Client client = silent.next; client != silent; client = client.next) {
      if (client.lastTime >= horizon) {
        break;
      }
      dropped.add(client);
    }
    for (Client client : ahead) {
      if (client.born >= horizon) {
        break;
      }
      dropped.add(client);
    }
    for (Client client : dropped) {
      unlist(client);
      clients.remove(client.name);
      checksum -= client.rowHash();
      for (int i = 0; i < client.size; i++) {
        checksum -= client.answerHash(i);
      }
      answers -= client.size;
      effects.add(new Effect.ClientDropped(client.number));
    }
  }

  // Loading, before any other thread sees this.

  void loadHorizon(long time) {
    horizon = time;
  }

  /** Clients come in the order of their last entries. */
  void loadClient(long number, String name, long floor, long lastTime, long lastIndex) {
    Client client = new Client(number, name);
    client.floor = floor;
    client.lastTime = lastTime;
    client.lastIndex = lastIndex;
    clients.put(name, client);
    list(client);
    checksum += client.rowHash();
  }

  void loadAnswer(String name, long sequence, long hash, byte[] answer) {
    Client client = clients.get(name);
    client.add(sequence, hash, answer);
    answers++;
    checksum += client.answerHash(client.find(sequence));
  }

  /** As below; read from the id only where the client is not known. */
  private static long born(Client known, RequestId id) {
    return known == null ? born(id.client()) : known.born;
  }

  /** When a client's id says that it was made, or −1 when it is no such id. */
  static long born(String client) {
    int length = client.length();
    if (length < DIGITS + 2 || length > MAX_ID || client.charAt(DIGITS) != '-') {
      return -1;
    }
    long millis = 0;
    for (int i = 0; i < DIGITS; i++) {
      char c = client.charAt(i);
      if (c < '0' || c > '9') {
        return -1;
      }
      millis = millis * 10 + c - '0';
    }
    for (int i = DIGITS + 1; i < length; i++) {
      char c = client.charAt(i);
      boolean letter = c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z';
      if (!letter && (c < '0' || c > '9') && c != '_' && c != '-') {
        return -1;
      }
    }
    return millis;
  }

  private void raiseFloor(Client client, long floor) {
    if (floor <= client.floor) {
      return;
    }
    client.floor = floor;
    int dropped = 0;
    while (dropped < client.size && client.sequences[dropped] <= floor) {
      checksum -= client.answerHash(dropped);
      dropped++;
    }
    client.dropFirst(dropped);
    answers -= dropped;
  }

  private void list(Client client) {
    if (client.born > client.lastTime) {
      ahead.add(client);
    } else {
      client.next = silent;
      client.previous = silent.previous;
      client.previous.next = client;
      silent.previous = client;
    }
  }

  private void unlist(Client client) {
    if (client.born > client.lastTime) {
      ahead.remove(client);
    } else {
      client.previous.next = client.next;
      client.next.previous = client.previous;
    }
  }

  private static final class Client {
    final long number;
    final String name;
    final long born;
    long floor;
    long lastTime;
    long lastIndex;
    Client previous = this;
    Client next = this;

    /** Sorted by sequence. */
    long[] sequences = new long[1];

    long[] hashes = new long[1];
    byte[][] answers = new byte[1][];
    int size;

    Client(long number, String name) {
      this.number = number;
      this.name = name;
      this.born = born(name);
    }

    int find(long sequence) {
      return Arrays.binarySearch(sequences, 0, size, sequence);
    }

    Answer answer(int at) {
      try {
        return Answer.parseFrom(answers[at]);
      } catch (InvalidProtocolBufferException e) {
        throw new DamagedException(
            "the recorded answer to %s#%d is not readable".formatted(name, sequences[at]), e);
      }
    }

    void add(long sequence, long hash, byte[] answer) {
      int at = -find(sequence) - 1;
      if (size == sequences.length) {
        int room = size * 2 + 2;
        sequences = Arrays.copyOf(sequences, room);
        hashes = Arrays.copyOf(hashes, room);
        answers = Arrays.copyOf(answers, room);
      }
      System.arraycopy(sequences, at, sequences, at + 1, size - at);
      System.arraycopy(hashes, at, hashes, at + 1, size - at);
      System.arraycopy(answers, at, answers, at + 1, size - at);
      sequences[at] = sequence;
      hashes[at] = hash;
      answers[at] = answer;
      size++;
    }

    void dropFirst(int count) {
      System.arraycopy(sequences, count, sequences, 0, size - count);
      System.arraycopy(hashes, count, hashes, 0, size - count);
      System.arraycopy(answers, count, answers, 0, size - count);
      Arrays.fill(answers, size - count, size, null);
      size -= count;
    }

    long rowHash() {
      long hash = Hash.add(number, born);
      hash = Hash.add(hash, name.hashCode());
      hash = Hash.add(hash, floor);
      hash = Hash.add(hash, lastTime);
      return Hash.add(hash, lastIndex);
    }

    long answerHash(int at) {
      long hash = Hash.add(number, sequences[at]);
      return Hash.add(Hash.add(hash, hashes[at]), answers[at]);
    }
  }
}
