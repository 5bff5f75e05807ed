package social.starling.client.cli;

import java.time.ZoneId;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;
import social.starling.client.EventStream;
import social.starling.client.Post;
import social.starling.client.StarlingClient;
import social.starling.client.StarlingException;
import social.starling.client.TimelineEvent;
import social.starling.common.ExitCode;
import social.starling.proto.sns.v1.Reason;

/**
 * The interactive client: commands, and the timeline, until the input ends. One thread runs it;
 * while the timeline is open another prints what comes.
 */
final class Conversation {

  private static final int INTERRUPTED = 130;
  private static final int BACKLOG = 20;
  private static final String PROMPT = "Cmd> ";
  private static final String DONE = "Command completed successfully";

  private final StarlingClient client;
  private final Console console;
  private final ZoneId zone;
  private final Consumer<Boolean> inCommands;
  private boolean failed;

  /**
   * @param inCommands told whether lines are commands from now on, or posts
   */
  Conversation(StarlingClient client, Console console, ZoneId zone, Consumer<Boolean> inCommands) {
    this.client = client;
    this.console = console;
    this.zone = zone;
    this.inCommands = inCommands;
  }

  /** Returns the exit code: a script learns that a command failed, a person saw it. */
  int run() {
    while (true) {
      switch (console.read(PROMPT)) {
        case Console.Entry.Line(String text) -> {
          // Several lines at once were pasted.
          for (String line : text.split("\r?\n|\r")) {
            if (command(line.strip())) {
              return exitCode();
            }
          }
        }
        case Console.Entry.Unusable(String sentence) -> fail(sentence);
        case Console.Entry.End() -> {
          return exitCode();
        }
        case Console.Entry.Interrupted() -> {
          return INTERRUPTED;
        }
      }
    }
  }

  private int exitCode() {
    return failed && !console.terminal() ? ExitCode.FAILED : ExitCode.DONE;
  }

  // Returns true when the input has ended meanwhile.
  private boolean command(String line) {
    if (line.isEmpty()) {
      return false;
    }
    String[] parts = line.split("\\s+", 2);
    Optional<CommandWord> word = CommandWord.of(parts[0]);
    if (word.isEmpty() || (parts.length > 1 && !word.get().takesArgument())) {
      fail("Invalid Command");
      return false;
    }
    if (parts.length == 1 && word.get().takesArgument()) {
      fail("Invalid Input -- No Arguments Given");
      return false;
    }
    try {
      switch (word.get()) {
        case FOLLOW -> {
          client.follow(parts[1]);
          console.print(DONE);
        }
        case UNFOLLOW -> {
          client.unfollow(parts[1]);
          console.print(DONE);
        }
        case POST -> {
          client.post(parts[1]);
          console.print(DONE);
        }
        case LIST -> list();
        case TIMELINE -> {
          return timeline();
        }
      }
    } catch (StarlingException e) {
      fail(sentence(e));
    }
    return false;
  }

  private void list() {
    String users = String.join(", ", Pages.users(client));
    String followers = String.join(", ", Pages.followers(client));
    console.print(DONE);
    console.print("All users: " + users);
    console.print("Followers: " + followers);
  }

  private boolean timeline() {
    try (EventStream stream = client.stream(BACKLOG)) {
      CountDownLatch backlogShown = new CountDownLatch(1);
      console.print(DONE);
      console.print("Now you are in the timeline");
      inCommands.accept(false);
      Thread shower = Thread.ofVirtual().name("timeline").start(() -> show(stream, backlogShown));
      boolean ended = posts(backlogShown);
      stream.close();
      shower.join();
      return ended;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return true;
    } finally {
      inCommands.accept(true);
    }
  }

  private boolean posts(CountDownLatch backlogShown) throws InterruptedException {
    if (!console.terminal()) {
      // Nobody looks on, and the whole input may be there already: first what was there before.
      backlogShown.await();
    }
    while (true) {
      switch (console.read("")) {
        case Console.Entry.Line(String text) -> post(text);
        case Console.Entry.Unusable(String sentence) -> fail(sentence);
        case Console.Entry.End() -> {
          return !console.terminal();
        }
        case Console.Entry.Interrupted() -> {
          return false;
        }
      }
    }
  }

  private void post(String text) {
    if (text.isBlank()) {
      return;
    }
    try {
      client.post(text);
    } catch (StarlingException e) {
      fail(sentence(e));
    }
  }

  private void show(EventStream stream, CountDownLatch backlogShown) {
    try {
      while (stream.hasNext()) {
        switch (stream.next()) {
          case TimelineEvent.Posted posted -> show(posted.post());
          case TimelineEvent.BacklogEnd end -> backlogShown.countDown();
        }
      }
    } catch (StarlingException e) {
      fail(sentence(e));
    } finally {
      backlogShown.countDown();
    }
  }

  private void show(Post post) {
    if (!post.author().equalsIgnoreCase(client.user())) {
      console.printPost(Shown.post(post, zone));
    }
  }

  private synchronized void fail(String sentence) {
    failed = true;
    console.print(sentence);
  }

  private static String sentence(StarlingException e) {
    return switch (e.reason().orElse(Reason.REASON_UNSPECIFIED)) {
      case ALREADY_FOLLOWING -> "Input username already exists, command failed";
      case USER_UNKNOWN, SELF, INVALID_NAME -> "Command failed with invalid username";
      case NOT_FOLLOWING -> "Command failed with not a follower";
      default -> "Command failed: " + Shown.line(Failures.sentence(e));
    };
  }
}
