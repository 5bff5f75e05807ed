package social.starling.coordinator;

/** A listener for tests that look at what is recorded, not at what is told. */
final class Untold implements Registry.Listener {

  @Override
  public void changed(RecordedCluster cluster) {}

  @Override
  public void forgotten(RecordedCluster cluster) {}

  @Override
  public void slotsChanged() {}

  @Override
  public void distrusted(RecordedCluster cluster, String sentence) {}

  @Override
  public void damaged(StoreException failure) {}
}
