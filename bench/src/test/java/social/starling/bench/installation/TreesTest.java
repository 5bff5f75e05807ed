package social.starling.bench.installation;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TreesTest {

  @TempDir Path folder;

  @Test
  void shouldAddUpWhatIsInADirectory() throws Exception {
    Path inner = Files.createDirectories(folder.resolve("a/b"));
    Files.write(inner.resolve("one"), new byte[10]);
    Files.write(folder.resolve("two"), new byte[5_000]);
    long block = Files.getFileStore(folder).getBlockSize();

    Trees.Size size = Trees.size(folder);

    assertThat(size.bytes()).isEqualTo(5_010);
    assertThat(size.files()).isEqualTo(2);
    assertThat(size.occupied()).isEqualTo(block + Math.ceilDiv(5_000, block) * block);
    assertThat(Trees.size(folder.resolve("gone")).files()).isZero();
  }

  @Test
  void shouldDeleteADirectoryWithAllThatIsInIt() throws Exception {
    Path root = Files.createDirectories(folder.resolve("root"));
    Files.write(Files.createDirectories(root.resolve("a/b")).resolve("one"), new byte[10]);

    Trees.delete(root);

    assertThat(root).doesNotExist();
    assertThat(folder).isEmptyDirectory();
  }
}
