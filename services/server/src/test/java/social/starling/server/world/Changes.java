package social.starling.server.world;

import java.util.List;
import social.starling.server.state.Outgoing;
import social.starling.server.state.Position;

/**
 * The sending side: what a peer needs, read from the state of a member that believes to be the open
 * master, for as long as it does. In between it says up to where nothing was for the peer.
 */
final class Changes {

  private final World world;
  private final Cluster sender;
  private final int at;
  private final MemberState member;
  private final Synchronizer through;
  private final Cluster receiver;
  private final Relay relay;
  private final int run;
  private final int page;

  private Position end;
  private Position scanned;
  private long saidAt;

  Changes(
      World world,
      Cluster sender,
      int at,
      Synchronizer through,
      Cluster receiver,
      Relay relay,
      int run,
      Position after) {
    this.world = world;
    this.sender = sender;
    this.at = at;
    this.member = sender.serving(at);
    this.through = through;
    this.receiver = receiver;
    this.relay = relay;
    this.run = run;
    this.page = 1 + world.random().nextInt(20);
    this.end = after;
    this.scanned = after;
  }

  void pump() {
    if (!relay.live(run)) {
      return;
    }
    boolean broken = world.faulty() && world.random().nextInt(300) == 0;
    if (broken || !through.up() || sender.serving(at) != member) {
      world.sendBetween(sender, receiver, () -> relay.fail(run));
      return;
    }
    long again = 5 + world.random().nextLong(60);
    if (relay.room()) {
      Outgoing all = member.state().outgoing(receiver.number(), scanned, page);
      Outgoing read = asSent(all);
      if (read.steps().isEmpty()) {
        rest(read);
      } else {
        Batch.cut(end, read, 1 + world.random().nextInt(4)).forEach(this::say);
        end = world.plant().ends(read.reached());
        scanned = end;
      }
      again = read.more() ? 1 : again;
    }
    world.time().after(again * World.MILLI, this::pump);
  }

  private Outgoing asSent(Outgoing read) {
    List<Outgoing.Step> sent =
        read.steps().stream()
            .filter(step -> world.plant().sends(step.item(), member.state(), receiver.number()))
            .toList();
    return new Outgoing(sent, read.reached(), read.more());
  }

  /** Nothing is there. */
  private void rest(Outgoing read) {
    scanned = read.reached();
    if (world.time().now() - saidAt < 100 * World.MILLI) {
      return;
    }
    saidAt = world.time().now();
    if (scanned.compareTo(end) > 0 && world.random().nextInt(8) == 0) {
      say(new Batch(end, scanned, List.of(), scanned.index()));
      end = scanned;
    } else {
      say(Batch.seen(end, scanned.index()));
    }
  }

  private void say(Batch batch) {
    Batch said =
        batch.upTo() == null
            ? batch
            : new Batch(
                batch.after(), world.plant().ends(batch.upTo()), batch.items(), batch.seen());
    world.sendBetween(sender, receiver, () -> relay.arrived(run, said));
  }
}
