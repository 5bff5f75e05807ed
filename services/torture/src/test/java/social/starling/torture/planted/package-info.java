/**
 * Bugs that were planted on purpose, to see that {@code starling torture} catches them: each is a
 * unified diff against the production sources, in {@code src/planted}. They are applied to copies,
 * never to the sources.
 *
 * <p>{@code services/torture/planted} runs {@link social.starling.torture.planted.PlantedRuns}
 * straight from these sources, so what it needs here is of the JDK only.
 */
package social.starling.torture.planted;
