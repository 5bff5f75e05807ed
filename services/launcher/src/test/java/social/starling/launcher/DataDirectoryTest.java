package social.starling.launcher;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import social.starling.common.Credential;
import social.starling.common.StartException;

class DataDirectoryTest {

  @TempDir private Path folder;

  @Test
  void shouldRefuseAFileInItsPlaceInASentence() throws Exception {
    Path file = Files.createFile(folder.resolve("data"));

    assertThatThrownBy(() -> new DataDirectory(file).create())
        .isInstanceOf(StartException.class)
        .hasMessageStartingWith("cannot keep data in " + file + ": ")
        .hasMessageEndingWith("; choose another directory with --dir")
        .hasMessageNotContaining("Exception");
  }

  @Test
  void shouldMakeACredentialOnceThatOnlyTheOwnerReads() throws Exception {
    DataDirectory directory = new DataDirectory(folder.resolve("a/b"));
    directory.create();
    directory.createCredential();
    String first = Files.readString(directory.credential());
    directory.createCredential();

    assertThat(Files.readString(directory.credential())).isEqualTo(first);
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(directory.credential())))
        .isEqualTo("rw-------");
    assertThat(Credential.read(directory.credential())).isNotNull();
  }

  @Test
  void shouldPutALogAsideThatHasGrownTooLong() throws Exception {
    LogFile log = new LogFile(folder.resolve("alpha-1.log"));
    Files.write(log.file(), new byte[(int) LogFile.BOUND + 1]);

    log.rotate();

    assertThat(log.file()).doesNotExist();
    assertThat(folder.resolve("alpha-1.log.1")).hasSize(LogFile.BOUND + 1);
  }

  @Test
  void shouldEmptyALogUnderTheHandsOfItsProcess() throws Exception {
    LogFile log = new LogFile(folder.resolve("alpha-1.log"));
    Files.write(log.file(), new byte[(int) LogFile.BOUND]);
    log.rotateInUse();
    assertThat(log.file()).hasSize(LogFile.BOUND);

    Files.write(log.file(), new byte[(int) LogFile.BOUND + 1]);
    log.rotateInUse();

    assertThat(log.file()).isEmptyFile();
  }

  @Test
  void shouldFindTheLastLineOfALog() throws Exception {
    LogFile log = new LogFile(folder.resolve("alpha-1.log"));
    assertThat(log.lastLine()).isEmpty();

    Files.writeString(log.file(), "x".repeat(20_000) + "\nport 4611 is in use\n\n");

    assertThat(log.lastLine()).contains("port 4611 is in use");
  }
}
