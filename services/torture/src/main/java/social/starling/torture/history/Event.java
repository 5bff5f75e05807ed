package social.starling.torture.history;

/**
 * Something that happened in a run. All times are nanoseconds since the run began, of one monotonic
 * clock.
 */
public sealed interface Event permits Call, Shown, StreamBegun, Fault, Mismatch {}
