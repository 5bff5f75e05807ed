package social.starling.client;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import social.starling.common.Slots;

/** The homes that a client has had to do with, at most one per slot. Thread-safe. */
final class Homes {

  private final Routing routing;
  private final Map<Integer, Home> bySlot = new ConcurrentHashMap<>();

  Homes(Routing routing) {
    this.routing = routing;
  }

  /** The home of a user: users of one slot live together, so any of them stands for all. */
  Home of(String name) {
    return bySlot.computeIfAbsent(Slots.of(name), slot -> new Home(routing.toHomeOf(name)));
  }
}
