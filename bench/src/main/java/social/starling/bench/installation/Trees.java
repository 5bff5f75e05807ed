package social.starling.bench.installation;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;

/** Directories and all that is in them. Stateless. */
public final class Trees {

  private Trees() {}

  /**
   * What files occupy.
   *
   * @param bytes as long as they are
   * @param occupied in whole blocks of the file system
   */
  public record Size(long bytes, long occupied, long files) {}

  /** Of a file, or of all that is in a directory; nothing where there is none. */
  public static Size size(Path root) throws IOException {
    if (!Files.exists(root)) {
      return new Size(0, 0, 0);
    }
    long block = Files.getFileStore(root).getBlockSize();
    long[] sum = new long[3];
    Files.walkFileTree(
        root,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
            sum[0] += attributes.size();
            sum[1] += Math.ceilDiv(attributes.size(), block) * block;
            sum[2]++;
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFileFailed(Path file, IOException e) throws IOException {
            if (e instanceof NoSuchFileException) {
              return FileVisitResult.CONTINUE; // It was deleted meanwhile.
            }
            throw e;
          }
        });
    return new Size(sum[0], sum[1], sum[2]);
  }

  /** A directory and all that is in it. */
  public static void delete(Path root) throws IOException {
    Files.walkFileTree(
        root,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            Files.delete(file);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path directory, IOException e)
              throws IOException {
            if (e != null) {
              throw e;
            }
            Files.delete(directory);
            return FileVisitResult.CONTINUE;
          }
        });
  }
}
