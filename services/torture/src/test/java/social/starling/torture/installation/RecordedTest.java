package social.starling.torture.installation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.NoSuchElementException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RecordedTest {

  @TempDir private Path directory;

  @Test
  void nothingIsRecordedBeforeTheLauncherHasWritten() {
    assertThat(Recorded.read(directory.resolve("launcher.json"))).isEmpty();
  }

  @Test
  void readsWhoRunsAndWhere() throws Exception {
    Path file = directory.resolve("launcher.json");
    Files.writeString(
        file,
        """
        {"format":1,"ready":true,"clusters":["alpha"],"launcher":{"pid":11},"processes":[
          {"name":"alpha-1","kind":"server","cluster":"alpha","publicPort":1,"internalPort":2,
           "httpPort":3,"process":{"pid":12}},
          {"name":"router","kind":"router","cluster":null,"publicPort":4,"internalPort":0,
           "httpPort":5,"process":null}]}
        """);

    Recorded recorded = Recorded.read(file).orElseThrow();

    assertThat(recorded.ready()).isTrue();
    assertThat(recorded.launcher()).hasValue(11);
    assertThat(recorded.clusters()).containsExactly("alpha");
    assertThat(recorded.entry("alpha-1").internalPort()).isEqualTo(2);
    assertThat(recorded.entry("alpha-1").pid()).hasValue(12);
    assertThat(recorded.entry("router").pid()).isEmpty();
    assertThatThrownBy(() -> recorded.entry("beta-1"))
        .isInstanceOf(NoSuchElementException.class)
        .hasMessageContaining("beta-1");
  }

  @Test
  void membersOfAClusterAreKnownByTheirNames() {
    assertThat(Installation.members("alpha")).containsExactly("alpha-1", "alpha-2");
    assertThat(Installation.other("alpha-1")).isEqualTo("alpha-2");
    assertThat(Installation.other("alpha-2")).isEqualTo("alpha-1");
    assertThat(Installation.clusterOf("alpha-2")).isEqualTo("alpha");
  }
}
