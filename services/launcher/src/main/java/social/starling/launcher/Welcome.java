package social.starling.launcher;

import java.time.Duration;

/** What a person reads when everything is ready: what to type next. */
final class Welcome {

  private Welcome() {}

  static String text(Duration took, String routerAddress) {
    String standard = Endpoints.HOST + ":" + Plan.DEFAULT_ROUTER_PORT;
    String where = routerAddress.equals(standard) ? "" : "--router " + routerAddress + " ";
    return "Ready in %s. In another terminal: ./starling %s-u alice   (Ctrl-C here ends everything)"
        .formatted(Terminal.seconds(took), where);
  }
}
