/**
 * The coordinator: which clusters are recorded, who is master, which volumes are in sync, which
 * cluster owns which slots, and what is heard of every member. Never on the path of a read or a
 * write.
 *
 * <p>The decisions are pure: {@link social.starling.coordinator.Reconfigurations} (who may change a
 * configuration), {@link social.starling.coordinator.SlotTable} (numbers and slots) and {@link
 * social.starling.coordinator.Hearings} (who is alive). How a slot comes into other hands is in
 * {@link social.starling.coordinator.SlotMoves}. {@link social.starling.coordinator.Registry} makes
 * them durable through the one compare-and-set of {@link social.starling.coordinator.Store}, and
 * only then tells anybody. Sessions and map watchers live on the other side of that: they hold
 * nothing that a restart could lose.
 */
package social.starling.coordinator;
