package social.starling.client.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;
import social.starling.client.Post;
import social.starling.client.StarlingClient;

@Command(name = "post", description = "Post a text; prints the post's id.")
final class PostCommand extends UserCommand {

  @Parameters(
      arity = "0..1",
      paramLabel = "TEXT",
      description = "1 to 5,000 bytes of UTF-8; standard input when absent or -.")
  private String given;

  private String text;

  PostCommand(Io io) {
    super(io);
  }

  @Override
  void check() {
    text = given == null || given.equals("-") ? Input.text(io().in()) : Input.argument(given);
  }

  @Override
  void run(StarlingClient client) {
    Post post = client.post(text);
    io().out()
        .line(
            output().json()
                ? OutputOptions.json(post).toString()
                : Long.toUnsignedString(post.id()));
  }
}
