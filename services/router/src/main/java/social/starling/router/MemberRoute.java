package social.starling.router;

/**
 * A member, as the map has it.
 *
 * @param address {@code host:port} of the public port; empty when no coordinator has heard it yet
 */
record MemberRoute(String name, String address) {

  boolean known() {
    return !address.isEmpty();
  }
}
