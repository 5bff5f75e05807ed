package social.starling.server.storage;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.sql.SQLException;
import java.util.Optional;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import social.starling.replication.Entry;
import social.starling.server.state.DamagedException;
import social.starling.server.state.PostPlace;
import social.starling.server.state.PostRecord;
import social.starling.server.state.RecordSource;

/**
 * Reads records from the post files and checks each. One that is not what was written is written
 * again from the journal if the journal still has it: the bytes are the same, so it does not matter
 * who writes them or when. Otherwise it is damage. Thread-safe.
 */
final class Records implements RecordSource {

  private static final Logger log = LoggerFactory.getLogger(Records.class);

  private final PostFiles files;
  private final Disk disk;
  private final Journal journal;
  private final Consumer<String> damage;

  Records(PostFiles files, Disk disk, Journal journal, Consumer<String> damage) {
    this.files = files;
    this.disk = disk;
    this.journal = journal;
    this.damage = damage;
  }

  @Override
  public byte[] read(PostPlace place) {
    ByteBuffer bytes = ByteBuffer.allocate(place.length());
    IOException failure = null;
    try {
      if (files.read(place.author(), place.offset(), bytes) == place.length()
          && PostRecord.crc(bytes.array()) == place.crc()) {
        return bytes.array();
      }
    } catch (ClosedByInterruptException e) {
      Thread.currentThread().interrupt();
      throw new StorageException(StorageException.Kind.FAILED, "reading a post was interrupted", e);
    } catch (IOException e) {
      failure = e;
    }
    return repaired(place, failure);
  }

  private byte[] repaired(PostPlace place, IOException failure) {
    String what =
        "post %d at byte %d of %s is not what was written"
            .formatted(place.id(), place.offset(), PostFiles.relative(place.author()));
    Optional<byte[]> record = fromJournal(place);
    if (record.isEmpty()) {
      damage.accept(what);
      throw new DamagedException(what, failure);
    }
    try {
      rewrite(place.author(), place.offset(), record.get());
      log.atWarn()
          .addKeyValue("file", PostFiles.relative(place.author()))
          .addKeyValue("post", place.id())
          .log("a post's record was damaged and is written again from the journal");
    } catch (IOException e) {
      damage.accept(what);
    }
    return record.get();
  }

  private Optional<byte[]> fromJournal(PostPlace place) {
    try {
      Optional<Entry> entry = journal.find(place.index());
      Optional<String> author = journal.registered(place.author());
      return entry.isEmpty() || author.isEmpty()
          ? Optional.empty()
          : Optional.of(Journal.record(entry.get(), author.get()))
              .filter(record -> PostRecord.crc(record) == place.crc());
    } catch (SQLException | StorageException e) {
      return Optional.empty();
    }
  }

  void damaged(String sentence) {
    damage.accept(sentence);
  }

  void rewrite(String author, long offset, byte[] record) throws IOException {
    try (Disk.Out file = disk.open(files.path(author))) {
      file.write(ByteBuffer.wrap(record), offset);
      file.sync();
    }
  }
}
