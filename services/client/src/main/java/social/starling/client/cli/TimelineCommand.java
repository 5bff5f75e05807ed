package social.starling.client.cli;

import java.util.HashSet;
import java.util.Set;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import social.starling.client.EventStream;
import social.starling.client.Post;
import social.starling.client.PostPage;
import social.starling.client.StarlingClient;
import social.starling.client.TimelineEvent;
import social.starling.client.TimelinePage;

@Command(
    name = "timeline",
    description = "The newest posts of those whom the user follows, oldest first.")
final class TimelineCommand extends UserCommand {

  @Mixin private LimitOption limit;

  @Option(names = "--follow", description = "Go on with what is posted, until interrupted.")
  private boolean follow;

  TimelineCommand(Io io) {
    super(io);
  }

  @Override
  void check() {
    limit.value();
  }

  @Override
  void run(StarlingClient client) {
    if (!follow) {
      Pages.newest(
          limit.value(), page -> client.timeline(page).posts(), this::shown, io().out()::line);
    } else if (limit.value() <= PostPage.MAX_LIMIT) {
      try (EventStream stream = client.stream(limit.value())) {
        follow(stream, Set.of(), false);
      }
    } else {
      followFromPages(client);
    }
  }

  @Override
  void notice(String line) {
    if (follow && !output().json()) {
      io().err().lineNow(line);
    }
  }

  // More than a stream's backlog: pages first. What came late from another cluster, with an older
  // id, while the pages were read would be on a page and on the stream.
  private void followFromPages(StarlingClient client) {
    TimelinePage newest = client.timeline(PostPage.newest(PostPage.MAX_LIMIT));
    Set<Long> onPages = new HashSet<>();
    Pages.newest(
        limit.value(),
        page -> page.maxId() == 0 ? newest.posts() : client.timeline(page).posts(),
        post -> {
          onPages.add(post.id());
          return shown(post);
        },
        io().out()::line);
    io().out().flush();
    try (EventStream stream = client.streamFrom(newest.cursor())) {
      follow(stream, onPages, true);
    }
  }

  // Until it is live the backlog comes in one piece.
  private void follow(EventStream stream, Set<Long> onPages, boolean alreadyLive) {
    boolean live = alreadyLive;
    while (stream.hasNext()) {
      switch (stream.next()) {
        case TimelineEvent.Posted posted -> {
          if (!onPages.contains(posted.post().id())) {
            io().out().line(shown(posted.post()));
          }
        }
        case TimelineEvent.BacklogEnd end -> live = true;
      }
      if (live) {
        io().out().flush();
      }
    }
  }

  private String shown(Post post) {
    return output().post(post, io().zone());
  }
}
