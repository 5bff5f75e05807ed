/**
 * Carries a cluster's committed changes to the clusters that need them, and hands theirs to the own
 * master.
 *
 * <p>It keeps nothing: how far a cluster has another's changes is a cursor in the receiver's
 * journal, and a batch that does not begin there has no effect. So whatever breaks, the answer is
 * to ask for the cursor and to begin again; two of these processes at once do no harm.
 *
 * <p>Two ways lead through it. Outwards: {@link social.starling.synchronizer.SyncService} takes the
 * subscription of another cluster's synchronizer, and a {@link social.starling.synchronizer.Relay}
 * reads the own master's changes and passes them on. Inwards: for each other cluster an {@link
 * social.starling.synchronizer.Intake} subscribes there and hands what comes to the own master with
 * a {@link social.starling.synchronizer.Delivery}. Who is where says {@link
 * social.starling.synchronizer.Maps}, what the coordinators told, merged.
 *
 * <p>Nothing is decided here, and what the changes mean is not known here: that is the members'.
 */
package social.starling.synchronizer;
