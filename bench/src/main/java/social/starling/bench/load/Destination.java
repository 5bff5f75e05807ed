package social.starling.bench.load;

import io.grpc.Status;
import java.util.List;
import java.util.Map;
import social.starling.client.Verdict;
import social.starling.common.Errors;

/**
 * Where calls go: a router, or the members of one cluster, of which one is believed to be master.
 * Learns from failures as the client library does. Owned by the loop's thread.
 */
final class Destination {

  private final List<String> addresses;
  private int current;
  private long epoch;

  private Destination(List<String> addresses, int current, long epoch) {
    this.addresses = List.copyOf(addresses);
    this.current = current;
    this.epoch = epoch;
  }

  static Destination router(String address) {
    return new Destination(List.of(address), 0, 0);
  }

  /**
   * The members of a cluster.
   *
   * @param master position of the master among the addresses
   */
  static Destination members(List<String> addresses, int master, long epoch) {
    return new Destination(addresses, master, epoch);
  }

  String address() {
    return addresses.get(current);
  }

  /** True when it reaches servers without a router between. */
  boolean isDirect() {
    return addresses.size() > 1;
  }

  /** An attempt at an address failed in a way that another may not. */
  void failed(String asked, Verdict verdict, Status status, io.grpc.Metadata trailers) {
    boolean isCurrent = asked.equals(address());
    switch (verdict) {
      case ELSEWHERE -> {
        Map<String, String> told = Errors.metadata(status.asRuntimeException(trailers));
        int named = addresses.indexOf(told.getOrDefault("master", ""));
        long at = Long.parseUnsignedLong(told.getOrDefault("epoch", "0"));
        if (named >= 0 && !addresses.get(named).equals(asked) && at >= epoch) {
          current = named;
          epoch = at;
        } else if (isCurrent) {
          next();
        }
      }
      case BROKEN, UNREACHED -> {
        if (isCurrent) {
          next();
        }
      }
      case LATER, FINAL -> {
        // It is the right one to ask.
      }
    }
  }

  private void next() {
    current = (current + 1) % addresses.size();
  }
}
