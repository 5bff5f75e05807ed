/**
 * Benchmarks of the inner loops, for judging a change: run one before and after it, on a quiet
 * machine, with {@code bench/jmh}. They say nothing of what a user sees; the other benchmarks do.
 *
 * <p>Those that need what is package-private stand in that package.
 */
package social.starling.bench.micro;
