package social.starling.launcher;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EnvironmentFileTest {

  @TempDir private Path root;

  @Test
  void shouldAddNothingWhereThereIsNoFile() throws Exception {
    assertThat(file().read()).isEmpty();
  }

  @Test
  void shouldReadAVariableALine() throws Exception {
    write("# for a test", "", "JDK_JAVA_OPTIONS=-Da=b -Dc=d", "EMPTY=");

    assertThat(file().read()).isEqualTo(Map.of("JDK_JAVA_OPTIONS", "-Da=b -Dc=d", "EMPTY", ""));
  }

  @Test
  void shouldSayWhichLineIsSomethingElse() throws Exception {
    write("A=b", "nonsense");

    assertThatThrownBy(() -> file().read())
        .isInstanceOf(IOException.class)
        .hasMessage("line 2 of %s is not KEY=VALUE", file().path());
  }

  @Test
  void shouldReachTheProcessOfThatNameOnly() throws Exception {
    write("WHO=its own");
    Path log = root.resolve("log");
    DataDirectory directory = new DataDirectory(root);
    List<String> command = List.of("sh", "-c", "echo \"${WHO:-nobody}, ${PATH:+with a path}\"");

    for (Service service : List.of(Service.server("alpha", "alpha-1"), Service.router())) {
      new Spawner().start(command, directory.environment(service).read(), log).waitFor();
    }

    assertThat(log).content().isEqualTo("its own, with a path\nnobody, with a path\n");
  }

  private EnvironmentFile file() {
    return new DataDirectory(root).environment(Service.server("alpha", "alpha-1"));
  }

  private void write(String... lines) throws IOException {
    Files.createDirectories(file().path().getParent());
    Files.write(file().path(), List.of(lines));
  }
}
