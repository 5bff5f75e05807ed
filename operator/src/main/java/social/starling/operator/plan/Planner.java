package social.starling.operator.plan;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Quantity;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;
import social.starling.operator.api.SnsClusterStatus;
import social.starling.operator.model.Companions;
import social.starling.operator.model.Labels;
import social.starling.operator.model.Member;
import social.starling.operator.model.Names;
import social.starling.operator.model.Settings;
import social.starling.operator.plan.Action.Importance;
import social.starling.operator.plan.Seat.PodIs;
import social.starling.operator.plan.Seat.VolumeIs;

/**
 * Decides what to do about a cluster.
 *
 * <ol>
 *   <li>Every process that its node saw end is reported to the coordinators.
 *   <li>Roles become labels, the old master's first.
 *   <li>Each member without a pod gets one, on its own volume; a pod that ended is taken away
 *       first. One that ends again and again soon after its start waits, up to 30 s; a master's
 *       waits until the other member has taken over, up to 2 s.
 *   <li>A cluster that is not recorded is recorded.
 *   <li>A member whose volume is lost, or whose node is, is replaced by the next serial, on a new
 *       volume, which the other member fills.
 *   <li>What belongs to members that were replaced is deleted.
 *   <li>Roles become labels, the old master's first.
 *   <li>Pods that are not what the spec says are made anew: the slave's, then, after a handover,
 *       the other. One whose claim is being deleted goes first, and its volume with it: nobody else
 *       is ended while the master is such a one.
 * </ol>
 *
 * <p>What holds for all of it:
 *
 * <ul>
 *   <li>a member is replaced, and a claim deleted, only while the coordinators do not count its
 *       volume and hear a master that they do count;
 *   <li>nothing is concluded from silence: while no coordinator answers, pods are recreated and
 *       nothing else is done;
 *   <li>a pod is proven dead by its own container's end alone;
 *   <li>a running pod is deleted only in an upgrade, and when the cluster can do without it; never
 *       one that says it is master itself;
 *   <li>no pod, ended or not, is deleted whose volume would go with it, unless another member
 *       serves that has everything;
 *   <li>whoever carries a plan out asks the coordinators again right before it deletes something
 *       that runs or may run, and does so only if the plan comes out with it still;
 *   <li>nobody's promotion waits for any of this.
 * </ul>
 */
public final class Planner {

  private static final Duration SOON = Duration.ofSeconds(1);
  private static final Duration REFUSED = Duration.ofSeconds(5);
  private static final Duration STEADY = Duration.ofSeconds(10);
  private static final Duration STABLE = Duration.ofSeconds(60);
  private static final Duration MAX_PAUSE = Duration.ofSeconds(30);

  /** Times of an end are whole seconds, cut off: so it is one to two seconds. */
  private static final Duration TAKEOVER = Duration.ofSeconds(2);

  private final Settings settings;

  public Planner(Settings settings) {
    this.settings = settings;
  }

  /** What to do. */
  public Plan plan(Observation seen) {
    Situation situation = new Situation(seen, settings);
    Work work = new Work(situation, settings);
    boolean deleted = situation.cluster().getMetadata().getDeletionTimestamp() != null;
    boolean released = deleted && work.release();
    if (!released) {
      work.reportDeaths();
      if (!situation.spec().paused() || deleted) {
        work.care();
      }
    }
    SnsClusterStatus status =
        new Portrait(situation, work.blocked, work.nextSerial, seen.now()).status();
    return new Plan(
        work.actions,
        new Narration(situation, status).events(),
        status,
        again(status, work, seen.now()),
        released);
  }

  private static Duration again(SnsClusterStatus status, Work work, Instant now) {
    Duration pause =
        switch (status.phase()) {
          case Ready, Paused -> STEADY;
          case Deleting -> REFUSED;
          default -> SOON;
        };
    for (Instant at : work.waitsFor) {
      Duration left = Duration.between(now, at);
      if (left.compareTo(pause) < 0) {
        pause = left.isNegative() || left.isZero() ? Duration.ofMillis(100) : left;
      }
    }
    return pause;
  }

  /** One plan in the making. */
  private static final class Work {
    private final Situation situation;
    private final Settings settings;
    private final List<Action> actions = new ArrayList<>();
    private final List<Instant> waitsFor = new ArrayList<>();
    private int nextSerial;
    private Optional<String> blocked = Optional.empty();

    Work(Situation situation, Settings settings) {
      this.situation = situation;
      this.settings = settings;
      this.nextSerial = situation.nextSerial();
    }

    // ------------------------------------------------------------ deletion

    /**
     * Whether the deleted object may go. Its volumes go only when the coordinators have forgotten
     * the cluster, which they do when nobody lives there.
     */
    boolean release() {
      boolean allowed =
          Labels.annotation(situation.cluster(), Labels.ALLOW_DELETION)
              .filter("true"::equals)
              .isPresent();
      long users = situation.before().users() == null ? 0 : situation.before().users();
      switch (situation.coordination()) {
        case Coordination.Silent _ -> {
          blocked = Optional.of("deletion waits: no coordinator answers");
          return false;
        }
        case Coordination.Recorded _ when allowed && users > 0 -> {
          tell(
              Importance.Warning,
              "VolumesKept",
              "deleted with %d users: the claims are kept, and serve again when a cluster of this"
                  + " name is made",
              users);
          return true;
        }
        case Coordination.Recorded _ -> {
          actions.add(new Action.Forget());
          return false;
        }
        case Coordination.Unrecorded _ -> {
          if (users == 0) {
            giveUpVolumes();
          } else {
            tell(
                Importance.Warning,
                "VolumesKept",
                "deleted while the coordinators do not know it, with %d users when last seen: the"
                    + " claims are kept",
                users);
          }
          return true;
        }
      }
    }

    /** All but those of a cluster of this name that was there before and was never looked into. */
    private void giveUpVolumes() {
      List<PersistentVolumeClaim> kept = new ArrayList<>();
      for (PersistentVolumeClaim claim : situation.seen().claims()) {
        if (situation.before().users() == null && situation.isOlder(claim)) {
          kept.add(claim);
        } else if (claim.getMetadata().getDeletionTimestamp() == null) {
          actions.add(new Action.Delete(claim));
        }
      }
      if (!kept.isEmpty()) {
        tell(
            Importance.Warning,
            "VolumesKept",
            "deleted before it was seen who lives there: the claims %s of an earlier cluster of this"
                + " name are kept",
            kept.stream()
                .map(claim -> claim.getMetadata().getName())
                .collect(Collectors.joining(", ")));
      }
    }

    // ------------------------------------------------------------ life

    void reportDeaths() {
      situation.seen().pods().stream()
          .filter(Seat::provenDead)
          .forEach(pod -> {
            actions.add(
                new Action.ReportDead(pod.getMetadata().getName(), pod.getMetadata().getUid()));
          });
    }

    void care() {
      if (situation.before().nextSerial() == null || situation.before().nextSerial() < nextSerial) {
        actions.add(new Action.ReserveSerials(nextSerial));
      }
      roles();
      situation.seats().forEach(this::volume);
      situation.seats().forEach(this::pod);
      switch (situation.coordination()) {
        case Coordination.Silent _ -> {}
        case Coordination.Unrecorded _ -> record();
        case Coordination.Recorded _ -> {
          situation.seats().forEach(this::replace);
          clearAway();
          upgrade();
        }
      }
      companions();
    }

    private void companions() {
      for (HasMetadata wanted : Companions.of(situation.cluster(), settings)) {
        Optional<HasMetadata> found =
            situation.seen().companions().stream().filter(each -> same(each, wanted)).findFirst();
        if (found.isEmpty()) {
          actions.add(new Action.Create(wanted));
        } else if (Drift.between(wanted, found.get())) {
          actions.add(new Action.Apply(wanted));
        }
      }
    }

    private static boolean same(HasMetadata one, HasMetadata other) {
      return one.getKind().equals(other.getKind())
          && one.getMetadata().getName().equals(other.getMetadata().getName());
    }

    private void volume(Seat seat) {
      if (waits(seat)) {
        return;
      }
      if (seat.volume() == VolumeIs.NEW) {
        actions.add(new Action.Create(Member.claim(situation.cluster(), seat.serial())));
      } else if (seat.volume() == VolumeIs.PRESENT) {
        grow(seat.claim().orElseThrow());
      }
    }

    /**
     * A new volume waits until a coordinator answers: coordinators begin a new state only where no
     * member has a volume.
     */
    private boolean waits(Seat seat) {
      return seat.volume() == VolumeIs.NEW
          && situation.coordination() instanceof Coordination.Silent;
    }

    private void grow(PersistentVolumeClaim claim) {
      Quantity wanted = situation.spec().storage().size();
      Quantity has = claim.getSpec().getResources().getRequests().get("storage");
      boolean bound = claim.getStatus() != null && "Bound".equals(claim.getStatus().getPhase());
      if (bound && has.getNumericalAmount().compareTo(wanted.getNumericalAmount()) < 0) {
        actions.add(new Action.Grow(claim, wanted));
      }
    }

    private void pod(Seat seat) {
      boolean usable = seat.volume() == VolumeIs.NEW || seat.volume() == VolumeIs.PRESENT;
      switch (seat.podIs()) {
        case NONE -> {
          if (usable && !waits(seat)) {
            create(seat, 0);
          }
        }
        case ENDED -> ended(seat, usable);
        case STARTING, RUNNING, ENDING -> {}
      }
    }

    private void create(Seat seat, int attempts) {
      actions.add(
          new Action.Create(Member.pod(situation.cluster(), seat.serial(), attempts, settings)));
      tell(
          Importance.Normal,
          seat.volume() == VolumeIs.NEW ? "MemberCreated" : "MemberRecreated",
          seat.volume() == VolumeIs.NEW
              ? "%s starts on a new volume"
              : "%s starts again on its volume",
          seat.name());
    }

    private void ended(Seat seat, boolean usable) {
      if (irreplaceable(seat)) {
        return; // What is left of its pod is all that keeps its volume.
      }
      Pod pod = seat.pod().orElseThrow();
      int attempts = Lifetime.endedSoon(pod, STABLE) ? Lifetime.attempts(pod) + 1 : 1;
      Instant due = Lifetime.endedAt(pod, situation.seen().now()).plus(pause(seat, attempts));
      if (due.isAfter(situation.seen().now())) {
        waitsFor.add(due);
        return;
      }
      boolean asked = pod.getMetadata().getDeletionTimestamp() != null;
      if (!asked) {
        tell(Importance.Warning, "MemberEnded", "%s ended: %s", seat.name(), Lifetime.why(pod));
      }
      if (!asked || Seat.provenDead(pod)) {
        actions.add(new Action.Delete(pod, Seat.provenDead(pod)));
        if (usable) {
          create(seat, asked ? 0 : attempts);
        }
      }
    }

    /** Who ends once is back at once; who goes on ending must not keep everybody busy. */
    private Duration pause(Seat seat, int attempts) {
      if (attempts <= 1) {
        return takesOver(seat) ? TAKEOVER : Duration.ZERO;
      }
      Duration pause = SOON.multipliedBy(1L << Math.min(attempts - 2, 10));
      return pause.compareTo(MAX_PAUSE) < 0 ? pause : MAX_PAUSE;
    }

    /**
     * Whether the other member is about to be master in place of this one. The cluster stands still
     * until it is, and a process that starts takes the processors that this needs.
     */
    private boolean takesOver(Seat ended) {
      Seat other = situation.other(ended);
      return situation.master().filter(master -> master.name().equals(ended.name())).isPresent()
          && other.inSync()
          && other.heard();
    }

    private void record() {
      if (situation.before().epoch() != null) {
        blocked =
            Optional.of(
                "the coordinators do not know this cluster any more, though it has served at epoch "
                    + situation.before().epoch()
                    + ": their state was lost; see 'starling admin rebuild-coordinator"
                    + " --kubernetes-namespace'");
        return;
      }
      actions.add(new Action.RecordMembers(situation.memberNames(), 0));
      tell(
          Importance.Normal,
          "Recorded",
          "recorded with the members %s",
          String.join(" and ", situation.memberNames()));
    }

    /** See the class comment: only what nobody counts, and only while a counted master is heard. */
    private void replace(Seat seat) {
      if (!seat.lost()) {
        seat.node().flatMap(NodeView::lostAt).filter(_ -> !seat.inSync()).ifPresent(waitsFor::add);
        return;
      }
      if (seat.heard()) {
        return; // Kubernetes does not hear its node, and it works.
      }
      Seat other = situation.other(seat);
      // Also while its claim is being deleted: a volume stays as long as a pod uses it, and a copy
      // of it is all the more urgent.
      if (seat.inSync() || !other.inSync() || !other.open()) {
        blocked = Optional.of(whyNotReplaced(seat, other));
        return;
      }
      String next = Names.member(situation.name(), nextSerial);
      nextSerial++;
      actions.add(new Action.ReserveSerials(nextSerial));
      actions.add(
          new Action.RecordMembers(
              situation.memberNames().stream()
                  .map(name -> name.equals(seat.name()) ? next : name)
                  .toList(),
              situation.recorded().orElseThrow().getMembersVersion()));
      tell(
          Importance.Warning,
          "MemberReplaced",
          "%s: %s takes its place, on a new volume that %s fills",
          whyLost(seat),
          next,
          other.name());
    }

    private static String whyLost(Seat seat) {
      return switch (seat.volume()) {
        case GONE -> "the volume of " + seat.name() + " is gone";
        case GOING -> "the claim of " + seat.name() + " was deleted";
        case NEW, PRESENT ->
            "the node %s of %s is lost"
                .formatted(seat.node().map(NodeView::name).orElse("?"), seat.name());
      };
    }

    private static String whyNotReplaced(Seat seat, Seat other) {
      if (other.inSync() && other.open() && seat.inSync()) {
        return whyLost(seat) + "; " + other.name() + " has not left it out yet";
      }
      if (!other.inSync()) {
        return whyLost(seat)
            + ", and nobody else holds all that was acknowledged. If it cannot be brought back, see"
            + " 'starling admin recover'";
      }
      return whyLost(seat) + "; it is replaced once " + other.name() + " serves";
    }

    private void clearAway() {
      for (Pod pod : situation.formerPods()) {
        if (pod.getMetadata().getDeletionTimestamp() == null) {
          actions.add(new Action.Delete(pod));
          tell(
              Importance.Normal,
              "FormerMemberStopped",
              "%s is no member any more",
              pod.getMetadata().getName());
        }
      }
      // The old copy is kept until there are two others.
      boolean safe =
          situation.serving().isPresent() && situation.seats().stream().allMatch(Seat::inSync);
      for (PersistentVolumeClaim claim : situation.formerClaims()) {
        String member = claim.getMetadata().getName();
        boolean counted =
            situation.configuration().stream()
                .flatMap(known -> known.getInSyncList().stream())
                .anyMatch(entry -> entry.getMember().equals(member));
        if (safe && !counted && claim.getMetadata().getDeletionTimestamp() == null) {
          actions.add(new Action.Delete(claim));
          tell(Importance.Normal, "VolumeGivenUp", "the volume of %s is given up", member);
        }
      }
    }

    // ------------------------------------------------------------ roles

    /** The old master loses its label before the new one gets it. */
    private void roles() {
      if (situation.configuration().isEmpty()) {
        return;
      }
      String master = situation.configuration().get().getMaster();
      List<Action.Mark> marks = new ArrayList<>();
      situation.formerPods().forEach(pod -> mark(pod, null, null).ifPresent(marks::add));
      for (Seat seat : situation.seats()) {
        String role = seat.name().equals(master) ? "master" : "slave";
        seat.pod()
            .flatMap(pod -> mark(pod, role, seat.inSync() ? "true" : null))
            .ifPresent(marks::add);
      }
      marks.stream().filter(each -> !isMaster(each)).forEach(actions::add);
      marks.stream().filter(Work::isMaster).forEach(actions::add);
    }

    private static boolean isMaster(Action.Mark mark) {
      return "master".equals(mark.labels().get(Labels.ROLE));
    }

    private static Optional<Action.Mark> mark(Pod pod, String role, String inSync) {
      Map<String, String> changed = new TreeMap<>();
      if (!Labels.label(pod, Labels.ROLE).equals(Optional.ofNullable(role))) {
        changed.put(Labels.ROLE, role);
      }
      if (!Labels.label(pod, Labels.IN_SYNC).equals(Optional.ofNullable(inSync))) {
        changed.put(Labels.IN_SYNC, inSync);
      }
      return changed.isEmpty() ? Optional.empty() : Optional.of(new Action.Mark(pod, changed));
    }

    // ------------------------------------------------------------ upgrades

    private void upgrade() {
      String revision = situation.revision();
      List<Seat> outdated =
          situation.seats().stream()
              .filter(seat -> seat.outdated(revision))
              .filter(Work::alive)
              .toList();
      for (Seat seat : outdated) {
        if (!seat.heard() && !seat.ready() && !irreplaceable(seat)) {
          // It does not work as it is, so nothing is lost by making it anew.
          renew(seat);
          return;
        }
      }
      Optional<Seat> serving = situation.serving();
      if (outdated.isEmpty() || serving.filter(Work::alive).isEmpty()) {
        return; // A master that is ending needs the other one now.
      }
      Seat master = serving.get();
      Seat slave = situation.other(master);
      boolean whole = slave.inSync() && slave.heard() && slave.ready();
      boolean slaveGoes = alive(slave) && slave.volume() == VolumeIs.GOING;
      if (master.volume() == VolumeIs.GOING) {
        // The slave has the only volume that stays, if it does: it is not ended now.
        if (whole && !slaveGoes) {
          handOver(master, slave);
        }
      } else if ((outdated.contains(slave) || slaveGoes) && (whole || !slave.inSync())) {
        if (!slave.leadsAfter(situation.configuration().orElseThrow().getEpoch())) {
          renew(slave);
        }
      } else if (outdated.contains(master) && whole && !outdated.contains(slave)) {
        handOver(master, slave);
      }
    }

    private static boolean alive(Seat seat) {
      return seat.podIs() == PodIs.STARTING || seat.podIs() == PodIs.RUNNING;
    }

    /** Whether its volume goes with its pod, and nobody serves who could do without it. */
    private boolean irreplaceable(Seat seat) {
      Seat other = situation.other(seat);
      return seat.volume() == VolumeIs.GOING && !(other.inSync() && other.open());
    }

    private void handOver(Seat master, Seat slave) {
      actions.add(new Action.HandOver());
      tell(
          Importance.Normal,
          "HandoverAsked",
          "%s hands over to %s, to be upgraded",
          master.name(),
          slave.name());
    }

    private void renew(Seat seat) {
      actions.add(new Action.Delete(seat.pod().orElseThrow()));
      tell(
          Importance.Normal,
          "MemberUpgraded",
          seat.volume() == VolumeIs.GOING
              ? "%s is ended, and its volume, whose claim was deleted, with it"
              : "%s is ended, to be made anew as the spec says now",
          seat.name());
    }

    private void tell(Importance importance, String reason, String message, Object... values) {
      actions.add(new Action.Tell(importance, reason, message.formatted(values)));
    }
  }
}
