package social.starling.launcher;

import java.nio.file.Path;
import java.time.Duration;

/** What a person reads when everything is ready: what to type next. */
final class Welcome {

  private Welcome() {}

  static String text(Duration took, String routerAddress, DataDirectory directory) {
    String standard = Endpoints.HOST + ":" + Plan.DEFAULT_ROUTER_PORT;
    String where = routerAddress.equals(standard) ? "" : "--router " + routerAddress + " ";
    boolean usual = directory.equals(new DataDirectory(Path.of("data")));
    return "Ready in %s. In another terminal: ./starling %s-u alice   (./starling down%s ends it all)"
        .formatted(Terminal.seconds(took), where, usual ? "" : " --dir " + directory.root());
  }
}
