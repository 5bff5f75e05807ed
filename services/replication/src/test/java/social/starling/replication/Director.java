package social.starling.replication;

/** Waits for a moment in a run and makes something happen there: where chance is too weak. */
@FunctionalInterface
interface Director {

  /** Called after every event. */
  void after(Simulation simulation);
}
