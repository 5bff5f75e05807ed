package social.starling.replication;

import java.util.HashMap;
import java.util.Map;

/**
 * Wrong readings of the rules, one guard each, named as in the exhaustive model of the rules. The
 * simulator must find every one of them.
 */
enum PlantedBug {
  /** Rule 2: the slave acknowledges what it has, before it is fsynced. */
  ACK_NO_FSYNC(
      Invariant.ON_COUNTED_DISKS,
      (options, state, reader, startedAt, now) ->
          new Replica(options, state, reader, startedAt, now) {
            @Override
            long ackIndex() {
              return matchIndex();
            }
          }),

  /** Rule 4: the master commits alone as soon as it has asked for the shrink. */
  ALONE_EARLY(
      Invariant.ON_COUNTED_DISKS,
      (options, state, reader, startedAt, now) ->
          new Replica(options, state, reader, startedAt, now) {
            private long asked;

            @Override
            void ask(Request request) {
              asked = request instanceof Request.Shrink ? request.epoch() : asked;
              super.ask(request);
            }

            @Override
            long commitTarget() {
              return asked == configuration().epoch() ? durableIndex() : super.commitTarget();
            }
          }),

  /** Rule 5: anybody is promoted, in the set or not. */
  PROMOTE_ANY(
      Invariant.PROMOTED_FROM_SET,
      new Plant() {
        @Override
        Replica replica(
            Options options, JournalState state, JournalReader reader, long startedAt, long now) {
          return new Replica(options, state, reader, startedAt, now) {
            @Override
            boolean mayAsk() {
              return configuration().epoch() > 0;
            }
          };
        }

        @Override
        SimulatedCoordinator coordinator(Configuration first, Counts counts) {
          return new SimulatedCoordinator(first, counts) {
            @Override
            boolean mayPromote(Configuration now, String member, String volume) {
              return true;
            }
          };
        }
      }),

  /** Rule 5: the set is of names; a new volume under the old name counts as in sync. */
  NAME_ONLY(
      Invariant.NEVER_LOST,
      new Plant() {
        @Override
        Replica replica(
            Options options, JournalState state, JournalReader reader, long startedAt, long now) {
          return new Replica(options, state, reader, startedAt, now) {
            @Override
            boolean mayAsk() {
              return configuration().inSync().containsKey(options.self());
            }
          };
        }

        @Override
        SimulatedCoordinator coordinator(Configuration first, Counts counts) {
          return new SimulatedCoordinator(first, counts) {
            @Override
            boolean mayPromote(Configuration now, String member, String volume) {
              return now.inSync().containsKey(member);
            }
          };
        }
      }),

  /** Rule 2: a follower truncates to its own commit index when it meets a new master. */
  TRUNC_COMMIT(
      Invariant.NEVER_LOST,
      (options, state, reader, startedAt, now) ->
          new Replica(options, state, reader, startedAt, now) {
            @Override
            void beginVerifying() {
              super.beginVerifying();
              if (status().commitIndex() < status().lastIndex()) {
                truncateAfter(status().commitIndex());
              }
            }
          }),

  /** Rule 5: a new master drops what it did not know as committed. */
  PARTIAL_COMMIT(
      Invariant.NEVER_LOST,
      (options, state, reader, startedAt, now) ->
          new Replica(options, state, reader, startedAt, now) {
            @Override
            long takeOverJournal() {
              if (status().commitIndex() < status().lastIndex()) {
                truncateAfter(status().commitIndex());
              }
              return super.takeOverJournal();
            }
          }),

  /** Rule 7: the slave is counted only when the coordinator's answer says so. */
  EXPAND_ON_REPLY(
      Invariant.SET_WITHIN_COUNTED,
      (options, state, reader, startedAt, now) ->
          new Replica(options, state, reader, startedAt, now) {
            @Override
            void countFromNow(String volumeOfPeer) {}
          }),

  /** Rule 9: a retry is a new request. */
  NO_DEDUP(
      Invariant.ONCE,
      new Plant() {
        @Override
        boolean asksStateMachine() {
          return false;
        }
      }),

  /** Rule 5: the wait is counted from the moment of asking, and acknowledgements go on. */
  GRACE_FROM_ASK(
      Invariant.READ_SEES_ACKNOWLEDGED,
      (options, state, reader, startedAt, now) ->
          new Replica(options, state, reader, startedAt, now) {
            private long askedFirst;
            private long askedEpoch = -1;

            @Override
            void ask(Request request) {
              if (request instanceof Request.Promote && request.epoch() != askedEpoch) {
                askedEpoch = request.epoch();
                askedFirst = now();
              }
              super.ask(request);
            }

            @Override
            long waitEnd() {
              return askedEpoch == configuration().epoch() - 1
                  ? askedFirst + options.grace()
                  : super.waitEnd();
            }
          }),

  /** Rule 5: no wait at all. */
  NO_WAIT(
      Invariant.READ_SEES_ACKNOWLEDGED,
      (options, state, reader, startedAt, now) ->
          new Replica(options, state, reader, startedAt, now) {
            @Override
            boolean owesWait(Configuration learned) {
              return false;
            }
          }),

  /** Rule 8: a restarted master resumes its epoch. */
  RESUME(
      Invariant.ONE_MASTER,
      (options, state, reader, startedAt, now) ->
          new Replica(options, state, reader, startedAt, now) {
            @Override
            boolean mayAct(Configuration learned) {
              return role() != Role.FAILED
                  && role() != Role.INSTALLING
                  && learned.hasInSync(options.self(), status().volume())
                  && promised() <= learned.epoch();
            }
          }),

  /** Rule 8: the promise is not durable, and the process that is named is not looked at. */
  VOLATILE_PROMISE(
      Invariant.ONE_MASTER,
      new Plant() {
        @Override
        Replica replica(
            Options options, JournalState state, JournalReader reader, long startedAt, long now) {
          return new Replica(options, state, reader, startedAt, now) {
            @Override
            boolean mayAct(Configuration learned) {
              return role() != Role.FAILED
                  && role() != Role.INSTALLING
                  && learned.hasInSync(options.self(), status().volume())
                  && promised() < learned.epoch();
            }
          };
        }

        @Override
        boolean storesPromise() {
          return false;
        }
      }),

  /** Rule 5: a new master opens before it has committed its journal. */
  NO_BARRIER(
      Invariant.READ_SEES_ACKNOWLEDGED,
      (options, state, reader, startedAt, now) ->
          new Replica(options, state, reader, startedAt, now) {
            @Override
            long openingBarrier() {
              return 0;
            }

            @Override
            long commitTarget() {
              return role() == Role.WAITING ? 0 : super.commitTarget();
            }
          }),

  /** Rule 8: a restarted master opens before it has committed its journal. */
  NO_BARRIER_AFTER_RESTART(
      Invariant.READ_SEES_ACKNOWLEDGED,
      (options, state, reader, startedAt, now) ->
          new Replica(options, state, reader, startedAt, now) {
            private boolean restarted() {
              return configuration().previousMaster().equals(options.self());
            }

            @Override
            long openingBarrier() {
              return restarted() ? 0 : super.openingBarrier();
            }

            @Override
            long commitTarget() {
              return role() == Role.WAITING && restarted() ? 0 : super.commitTarget();
            }
          }),

  /** Rules 5 and 8: a new master commits what it has not fsynced, its promise among it. */
  COMMIT_NO_FSYNC(
      Invariant.ON_COUNTED_DISKS,
      (options, state, reader, startedAt, now) ->
          new Replica(options, state, reader, startedAt, now) {
            @Override
            boolean actsDurably() {
              return role().acts();
            }

            @Override
            long durableIndex() {
              return role() == Role.WAITING ? status().lastIndex() : super.durableIndex();
            }
          }),

  /** Rule 5: no wait after oneself. */
  SELF_NO_WAIT(
      Invariant.READ_SEES_ACKNOWLEDGED,
      (options, state, reader, startedAt, now) ->
          new Replica(options, state, reader, startedAt, now) {
            @Override
            boolean owesWait(Configuration learned) {
              return super.owesWait(learned) && !learned.previousMaster().equals(options.self());
            }
          }),

  /** Rule 7: silence ends an expand that was asked for. */
  GIVE_UP_EXPAND(
      Invariant.SET_WITHIN_COUNTED,
      (options, state, reader, startedAt, now) ->
          new Replica(options, state, reader, startedAt, now) {
            @Override
            String counted() {
              boolean recorded = configuration().inSync().containsKey(options.peer());
              boolean silent = now() - heardPeerAt() > 3 * options.heartbeat();
              return !recorded && silent ? null : super.counted();
            }
          }),

  /** Rule 6: while an expand is asked for, no lease is needed. */
  LEASE_RECORDED(
      Invariant.READ_SEES_ACKNOWLEDGED,
      (options, state, reader, startedAt, now) ->
          new Replica(options, state, reader, startedAt, now) {
            @Override
            boolean needsNoLease() {
              return !configuration().inSync().containsKey(options.peer());
            }
          }),

  /** Section 3: an older configuration is adopted. */
  ADOPT_OLD(
      Invariant.SET_WITHIN_COUNTED,
      (options, state, reader, startedAt, now) ->
          new Replica(options, state, reader, startedAt, now) {
            @Override
            boolean isNews(Configuration learned) {
              return learned.epoch() != configuration().epoch();
            }
          }),

  /** Rule 9: a retry of an entry that is not committed yet is answered. */
  ANSWER_UNCOMMITTED(
      Invariant.ON_COUNTED_DISKS,
      new Plant() {
        @Override
        boolean waitsForRepeated() {
          return false;
        }
      }),

  /** Rule 2: everything beyond the end of the master's message is dropped, also of a late one. */
  TRUNC_STALE(
      Invariant.NEVER_LOST,
      (options, state, reader, startedAt, now) ->
          new Replica(options, state, reader, startedAt, now) {
            @Override
            void dropBeyond(long masterEndIndex) {
              if (masterEndIndex < status().lastIndex()
                  && masterEndIndex >= status().commitIndex()) {
                truncateAfter(masterEndIndex);
              }
            }
          }),

  /** Rule 7: a slave is added before it has everything that is committed. */
  CATCH_LOOSE(
      Invariant.NEVER_LOST,
      (options, state, reader, startedAt, now) ->
          new Replica(options, state, reader, startedAt, now) {
            @Override
            boolean caughtUp() {
              return peerVolume() != null;
            }
          }),

  /** Rule 2: what was verified in one epoch counts in the next. */
  ACK_ACROSS(
      Invariant.COMMITTED_FOR_EVER,
      (options, state, reader, startedAt, now) ->
          new Replica(options, state, reader, startedAt, now) {
            @Override
            void forgetVerified() {}
          }),

  /** Rule 6: an acknowledgement of any volume gives a lease. */
  LEASE_ANY_VOLUME(
      Invariant.READ_SEES_ACKNOWLEDGED,
      new Plant() {
        @Override
        Replica replica(
            Options options, JournalState state, JournalReader reader, long startedAt, long now) {
          return new Replica(options, state, reader, startedAt, now) {
            @Override
            boolean leaseHeld(String countedVolume) {
              return leaseKnown();
            }

            @Override
            void dropLease() {}
          };
        }

        @Override
        Director director() {
          return new TakeoverThenLoss();
        }
      }),

  /** Rule 3: acknowledgements of other epochs count. */
  ACK_ANY_EPOCH(
      Invariant.ON_COUNTED_DISKS,
      (options, state, reader, startedAt, now) ->
          new Replica(options, state, reader, startedAt, now) {
            @Override
            boolean ofThisEpoch(Message.Ack ack) {
              return true;
            }
          }),

  /** Rule 2: what is beyond the master's end stays, and the journal's length is acknowledged. */
  LAZY_TAIL_AND_ACK_LENGTH(
      Invariant.ON_COUNTED_DISKS,
      (options, state, reader, startedAt, now) ->
          new Replica(options, state, reader, startedAt, now) {
            @Override
            void dropBeyond(long masterEndIndex) {}

            @Override
            long ackIndex() {
              return durableIndex();
            }
          }),

  /** Rule 10: a handover that was not answered is forgotten, and the epoch goes on. */
  HANDOVER_RESUME(
      Invariant.ONCE,
      (options, state, reader, startedAt, now) ->
          new Replica(options, state, reader, startedAt, now) {
            @Override
            boolean mayAsk() {
              if (role() == Role.CLOSED) {
                role(Role.OPEN);
              }
              return super.mayAsk();
            }

            @Override
            void dropLease() {}
          }),

  /** Rule 7: a full copy keeps the volume's id, and the master counts whom it told to take one. */
  SNAPSHOT_KEEPS_VOLUME(
      Invariant.PAIR_RESTORED,
      new Plant() {
        @Override
        Replica replica(
            Options options, JournalState state, JournalReader reader, long startedAt, long now) {
          return new Replica(options, state, reader, startedAt, now) {
            @Override
            boolean mayCount(String volumeOfPeer) {
              return true;
            }
          };
        }

        @Override
        boolean newVolumeForCopy() {
          return false;
        }
      }),

  /**
   * Rule 7: a full copy is taken whatever volume was told to take one, and whatever is recorded.
   */
  DISCARDS_ANY(
      Invariant.RECORDED_VOLUME_KEPT,
      (options, state, reader, startedAt, now) ->
          new Replica(options, state, reader, startedAt, now) {
            @Override
            boolean mayDiscard(long epoch, String outdated) {
              return true;
            }
          }),

  /** Rule 5: the death of any process of the other member ends the wait. */
  STALE_PROOF(
      Invariant.READ_SEES_ACKNOWLEDGED,
      (options, state, reader, startedAt, now) ->
          new Replica(options, state, reader, startedAt, now) {
            @Override
            boolean provenDead() {
              return sawDead();
            }
          }),

  /** Rules 5 and 8: a restarted master keeps the set, and any proof of death ends its wait. */
  KEEP_SET_AND_STALE_PROOF(
      Invariant.READ_SEES_ACKNOWLEDGED,
      new Plant() {
        @Override
        Replica replica(
            Options options, JournalState state, JournalReader reader, long startedAt, long now) {
          return new Replica(options, state, reader, startedAt, now) {
            @Override
            boolean provenDead() {
              return sawDead();
            }
          };
        }

        @Override
        SimulatedCoordinator coordinator(Configuration first, Counts counts) {
          return new SimulatedCoordinator(first, counts) {
            @Override
            Map<String, String> promotedSet(Configuration now, String member, String volume) {
              return now.master().equals(member)
                  ? new HashMap<>(now.inSync())
                  : super.promotedSet(now, member, volume);
            }
          };
        }

        @Override
        boolean handsOver() {
          return false;
        }
      }),

  /** Rule 4: a refusal is taken for a deposition. Nothing is broken, but nothing goes on. */
  REFUSED_DEPOSED(
      Invariant.WRITES_RESUME,
      (options, state, reader, startedAt, now) ->
          new Replica(options, state, reader, startedAt, now) {
            private Request asked;
            private boolean deposed;

            @Override
            void ask(Request request) {
              asked = request;
              super.ask(request);
            }

            @Override
            boolean mayContinue(Configuration learned) {
              deposed |= asked instanceof Request.Shrink;
              return !deposed && super.mayContinue(learned);
            }

            @Override
            boolean mayAsk() {
              return !deposed && super.mayAsk();
            }
          }),

  /** Rule 5: who has asked for a promotion never accepts its master again. */
  NEVER_TAKES_BACK(
      Invariant.WRITES_RESUME_ALONE,
      (options, state, reader, startedAt, now) ->
          new Replica(options, state, reader, startedAt, now) {
            private long askedEpoch;

            @Override
            void ask(Request request) {
              askedEpoch = request.epoch();
              super.ask(request);
            }

            @Override
            boolean hears(long epoch) {
              return epoch != askedEpoch && super.hears(epoch);
            }
          }),

  /** Section 5: suspicion alone deposes a master that is heard. */
  HASTY(
      Invariant.NO_FALSE_FAILOVER,
      (options, state, reader, startedAt, now) ->
          new Replica(options, state, reader, startedAt, now) {
            @Override
            boolean masterIsLost() {
              return super.masterIsLost() || now() - heardMasterAt() > 2 * options.heartbeat() / 3;
            }
          }),

  /** Section 2: ids follow the wall clock also when it steps back. */
  ID_FROM_WALL_CLOCK(
      Invariant.IDS_GROW,
      (options, state, reader, startedAt, now) ->
          new Replica(options, state, reader, startedAt, now) {
            @Override
            long nextTime(long wallMillis) {
              return wallMillis;
            }
          }),

  /** The store applies what was not committed. */
  APPLIES_UNCOMMITTED(
      Invariant.FOLD,
      new Plant() {
        @Override
        boolean appliesCommittedOnly() {
          return false;
        }
      }),

  /** Rule 3: the slave commits what it has, whatever the master says. */
  SLAVE_COMMITS_ALL(
      Invariant.SLAVE_PREFIX,
      (options, state, reader, startedAt, now) ->
          new Replica(options, state, reader, startedAt, now) {
            @Override
            long committedByMaster(Message.Append message) {
              return message.endIndex();
            }
          }),

  /** Rule 2: two entries with one index are taken for the same whatever their epochs. */
  NO_CONFLICT(
      Invariant.COMMITTED_FOR_EVER,
      (options, state, reader, startedAt, now) ->
          new Replica(options, state, reader, startedAt, now) {
            @Override
            boolean conflicts(Entry entry) {
              return false;
            }
          }),

  /** Rule 7: an expand that was asked for is not asked for again. */
  EXPAND_ASKED_ONCE(
      Invariant.PAIR_RESTORED,
      (options, state, reader, startedAt, now) ->
          new Replica(options, state, reader, startedAt, now) {
            private long asked;

            @Override
            void ask(Request request) {
              if (request instanceof Request.Expand) {
                if (asked == request.epoch()) {
                  return;
                }
                asked = request.epoch();
              }
              super.ask(request);
            }
          }),

  /** Rule 2: a conflict is taken for impossible. */
  CONFLICT_THROWS(
      Invariant.NO_EXCEPTION,
      (options, state, reader, startedAt, now) ->
          new Replica(options, state, reader, startedAt, now) {
            @Override
            boolean conflicts(Entry entry) {
              if (super.conflicts(entry)) {
                throw new IllegalStateException("a conflict cannot be: " + entry);
              }
              return false;
            }
          });

  /**
   * A member is taken for lost although it serves; the other takes over, acknowledges, loses its
   * volume and comes back empty, knowing nothing of its epoch.
   */
  private static final class TakeoverThenLoss implements Director {

    private int stage;
    private long mark;

    @Override
    public void after(Simulation simulation) {
      Configuration current = simulation.coordinator().current();
      boolean by = current.master().equals(stage == 0 ? "a" : "b");
      SimulatedProcess master = simulation.member(stage == 0 ? 0 : 1).process();
      boolean open = by && master != null && master.replica().role() == Role.OPEN;
      if (stage == 0 && open && current.inSync().size() == 2 && simulation.written() > 3) {
        simulation.hideFromCoordinator(0, 60_000);
        stage = 1;
      } else if (stage == 1 && open) {
        mark = simulation.written();
        stage = 2;
      } else if (stage == 2 && simulation.written() > mark) {
        simulation.directVolumeLoss(1);
        stage = 3;
      }
    }
  }

  /** Makes a member. */
  @FunctionalInterface
  interface Members {
    Replica make(
        Options options, JournalState state, JournalReader reader, long startedAt, long now);
  }

  private final Invariant caughtBy;
  private final Plant plant;

  PlantedBug(Invariant caughtBy, Plant plant) {
    this.caughtBy = caughtBy;
    this.plant = plant;
  }

  PlantedBug(Invariant caughtBy, Members members) {
    this(
        caughtBy,
        new Plant() {
          @Override
          Replica replica(
              Options options, JournalState state, JournalReader reader, long startedAt, long now) {
            return members.make(options, state, reader, startedAt, now);
          }
        });
  }

  /** What goes wrong in the run of a seed: the ordinary mix, or what brings the bug out sooner. */
  Profile profile(long seed) {
    return switch (this) {
      case GRACE_FROM_ASK, LEASE_RECORDED -> Profile.SUSPICIONS;
      case NO_WAIT, SELF_NO_WAIT -> Profile.FALSE_ALARMS;
      case STALE_PROOF, KEEP_SET_AND_STALE_PROOF, ACK_ACROSS, ACK_ANY_EPOCH -> Profile.LATE_ACKS;
      case SNAPSHOT_KEEPS_VOLUME -> Profile.COPIES;
      case DISCARDS_ANY -> Profile.FLAPPING;
      case LEASE_ANY_VOLUME -> Profile.QUIET;
      case HASTY -> Profile.CALM;
      default -> Profile.of(seed);
    };
  }

  /** The invariant that the bug breaks. */
  Invariant caughtBy() {
    return caughtBy;
  }

  Plant plant() {
    return plant;
  }
}
