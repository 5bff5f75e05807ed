package social.starling.client.cli;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;

/** Runs the command within this process, with pipes for its ends. */
record CliRun(int exitCode, String out, String err) {

  static CliRun of(String input, String... args) {
    return of(input.getBytes(StandardCharsets.UTF_8), args);
  }

  static CliRun of(byte[] input, String... args) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    int exitCode = StarlingMain.run(io(new ByteArrayInputStream(input), out, err), args);
    return new CliRun(
        exitCode, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
  }

  static Io io(InputStream in, ByteArrayOutputStream out, ByteArrayOutputStream err) {
    return new Io(
        in, new LineOutput(out), new LineOutput(err), () -> false, ZoneOffset.UTC, Map.of());
  }

  List<String> lines() {
    return out.lines().toList();
  }
}
