/**
 * What a member keeps on its volume: the journal, the tables, the post files.
 *
 * <p>{@link social.starling.server.storage.Volume} is the way in. Everything that changes the file
 * system goes through {@link social.starling.server.storage.Disk}, so that tests can let any of it
 * fail. Nothing here knows of gRPC or of replication beyond the journal's vocabulary.
 */
package social.starling.server.storage;
