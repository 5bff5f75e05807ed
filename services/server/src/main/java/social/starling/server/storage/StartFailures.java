package social.starling.server.storage;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Path;
import java.sql.SQLException;
import social.starling.common.ExitCode;
import social.starling.common.StartException;

/** Why a volume cannot be opened, in a sentence that says what to do. */
final class StartFailures {

  private StartFailures() {}

  static RuntimeException of(Path directory, Exception e) {
    return switch (e) {
      case StartException start -> start;
      case StorageException storage when storage.kind() == StorageException.Kind.DAMAGED ->
          damaged(directory, storage.getMessage(), e);
      case StorageException storage -> failed(storage.getMessage(), e);
      case SQLException sql -> of(directory, sql);
      case AccessDeniedException denied ->
          failed(
              "the volume %s cannot be written: no permission for %s; change its owner or mode, or"
                      .formatted(directory, denied.getFile())
                  + " choose another directory with --dir",
              e);
      case FileAlreadyExistsException file ->
          failed(
              "the volume %s is no directory; choose another with --dir".formatted(directory), e);
      case IOException io when Volume.full(io) -> full(directory, e);
      case RuntimeException bug -> bug;
      default -> failed("the volume %s cannot be opened: %s".formatted(directory, e), e);
    };
  }

  static StartException damaged(Path directory, String why, Exception e) {
    return failed(
        "the volume %s is damaged: %s. Move the directory away and start again: an empty volume"
                .formatted(directory, why)
            + " takes a full copy from the other member",
        new StorageException(StorageException.Kind.DAMAGED, why, e));
  }

  private static StartException of(Path directory, SQLException e) {
    return switch (Sql.kind(e)) {
      case DAMAGED -> damaged(directory, "state.db is not a whole database", e);
      case FULL -> full(directory, e);
      default ->
          failed(
              "state.db of the volume %s cannot be opened: %s".formatted(directory, e.getMessage()),
              e);
    };
  }

  private static StartException full(Path directory, Exception e) {
    return failed(
        "no space left on the volume %s; free some and start again".formatted(directory), e);
  }

  private static StartException failed(String sentence, Exception e) {
    return new StartException(ExitCode.STORAGE, sentence, e);
  }
}
