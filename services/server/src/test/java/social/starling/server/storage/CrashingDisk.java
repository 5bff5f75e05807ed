package social.starling.server.storage;

import java.io.IOException;
import java.nio.file.Path;
import java.sql.SQLException;

/** Fails at one change of the file system and at all that follow, as if the process had died. */
final class CrashingDisk implements Disk {

  private final Disk disk = Disk.local();
  private int left;

  /**
   * @param left changes that still succeed
   */
  CrashingDisk(int left) {
    this.left = left;
  }

  private void step() throws IOException {
    if (left-- <= 0) {
      throw new IOException("crash");
    }
  }

  @Override
  public Out open(Path file) throws IOException {
    step();
    return disk.open(file);
  }

  @Override
  public In read(Path file) throws IOException {
    return disk.read(file);
  }

  @Override
  public void syncDirectory(Path directory) throws IOException {
    step();
    disk.syncDirectory(directory);
  }

  @Override
  public void createDirectory(Path directory) throws IOException {
    step();
    disk.createDirectory(directory);
  }

  @Override
  public void rename(Path from, Path to) throws IOException {
    step();
    disk.rename(from, to);
  }

  @Override
  public void delete(Path path) throws IOException {
    step();
    disk.delete(path);
  }

  @Override
  public boolean syncAll(Path directory) throws IOException {
    step();
    return disk.syncAll(directory);
  }

  @Override
  public void commit(Commit commit) throws SQLException {
    disk.commit(commit);
  }

  @Override
  public long freeBytes(Path path) throws IOException {
    return disk.freeBytes(path);
  }
}
