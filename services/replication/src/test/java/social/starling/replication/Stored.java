package social.starling.replication;

/** What a simulated volume holds of an {@link Application}. */
public interface Stored {

  /** Holds nothing. */
  Stored NONE =
      new Stored() {
        @Override
        public Application open() {
          return Application.NONE;
        }

        @Override
        public void advance(long index) {}

        @Override
        public Stored copy() {
          return this;
        }
      };

  /** A process begins with what is here. There is one at a time. */
  Application open();

  /** The effects of the entries up to here are on disk now; the process has applied them. */
  void advance(long index);

  /** What a full copy of the volume holds. */
  Stored copy();
}
