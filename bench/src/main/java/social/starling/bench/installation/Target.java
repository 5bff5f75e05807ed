package social.starling.bench.installation;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Option;
import social.starling.client.ClientOptions;

/** Flags that say what is measured. */
public final class Target {

  @Option(
      names = "--dir",
      paramLabel = "DIR",
      description =
          "The DIR of a running 'starling up': its router is used, its processes are watched.")
  private Path dir;

  @Option(
      names = "--router",
      paramLabel = "HOST:PORT",
      description =
          "The router, when there is no DIR. Default: " + ClientOptions.DEFAULT_ROUTER + ".")
  private String router;

  /** The installation in DIR, if one was named. */
  public Optional<Installation> installation() {
    return Optional.ofNullable(dir).map(Installation::read);
  }

  /** The router's address. */
  public String router() {
    if (router != null) {
      return router;
    }
    return installation().map(Installation::router).orElse(ClientOptions.DEFAULT_ROUTER);
  }

  public List<String> routers() {
    return List.of(router());
  }
}
