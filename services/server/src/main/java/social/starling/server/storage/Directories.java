package social.starling.server.storage;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;

/** Removes what is no longer wanted. */
final class Directories {

  private Directories() {}

  /** Deletes a directory and what is in it; nothing when it is not there. */
  static void delete(Path directory, Disk disk) throws IOException {
    if (!Files.isDirectory(directory, LinkOption.NOFOLLOW_LINKS)) {
      disk.delete(directory);
      return;
    }
    try (DirectoryStream<Path> children = Files.newDirectoryStream(directory)) {
      for (Path child : children) {
        delete(child, disk);
      }
    }
    disk.delete(directory);
  }

  /** Copies that were being sent when the process ended. */
  static void deleteSnapshots(Path volume, Disk disk) throws IOException {
    try (DirectoryStream<Path> left = Files.newDirectoryStream(volume, "snapshot-*")) {
      for (Path file : left) {
        disk.delete(file);
      }
    }
  }
}
