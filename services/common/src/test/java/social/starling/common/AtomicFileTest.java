package social.starling.common;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AtomicFileTest {

  @TempDir private Path directory;

  @Test
  void shouldMakeAFileAndReplaceItByAShorterOne() throws IOException {
    Path file = directory.resolve("wanted");

    AtomicFile.replace(file, "alpha\nbeta – γ\n");
    assertThat(file).hasContent("alpha\nbeta – γ\n");
    AtomicFile.replace(file, "alpha\n");

    assertThat(Files.readString(file)).isEqualTo("alpha\n");
    assertThat(directory).isDirectoryNotContaining(other -> !other.equals(file));
  }

  @Test
  void shouldNotMindWhatACrashLeftBehind() throws IOException {
    Path file = directory.resolve("wanted");
    Files.writeString(directory.resolve("wanted.new"), "half of something that was longer");

    AtomicFile.replace(file, "alpha\n");

    assertThat(Files.readString(file)).isEqualTo("alpha\n");
  }

  @Test
  void shouldLeaveTheFileAsItWasWhenItCannotBeWritten() throws IOException {
    Path file = directory.resolve("wanted");
    AtomicFile.replace(file, "alpha\n");
    Files.createDirectory(directory.resolve("wanted.new"));

    assertThatThrownBy(() -> AtomicFile.replace(file, "beta\n")).isInstanceOf(IOException.class);

    assertThat(Files.readString(file)).isEqualTo("alpha\n");
  }
}
