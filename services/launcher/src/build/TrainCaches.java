import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Makes the AOT caches of {@code target/starling}, which let the processes start several times
 * faster: runs a real {@code starling up} and a client whose JVMs record what they load, and makes
 * a cache from each record. The build runs it from source: {@code java TrainCaches.java TARGET}.
 *
 * <p>A cache that cannot be made is left out and a line says so: everything runs without. Only when
 * the processes do not run at all does the build fail.
 */
final class TrainCaches {

  private static final String MEMBER = "alpha-1";
  private static final String PEER = "alpha-2";

  /** Record of a process to the cache that is made from it. */
  private static final Map<String, String> CACHES = new LinkedHashMap<>();

  static {
    CACHES.put("coordinator", "coordinator");
    CACHES.put(MEMBER, "server");
    CACHES.put("alpha-synchronizer", "synchronizer");
    CACHES.put("router", "router");
    CACHES.put("client", "client");
    CACHES.put("launcher", "launcher");
  }

  private static final String MAIN = "social.starling.client.cli.StarlingMain";
  private static final int READY_SECONDS = 180;
  private static final int END_SECONDS = 180;
  private static final int ROLE_SECONDS = 60;

  private final String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
  private final Path home;
  private final Path caches;
  private final Path training;
  private final int routerPort;

  private TrainCaches(Path target) throws IOException {
    this.home = target.resolve("starling").toAbsolutePath();
    this.caches = home.resolve("aot");
    this.training = target.resolve("training").toAbsolutePath();
    this.routerPort = freePort();
  }

  public static void main(String[] args) throws Exception {
    new TrainCaches(Path.of(args[0])).run();
  }

  private void run() throws Exception {
    String stamp = stamp();
    Path stampFile = caches.resolve("stamp");
    if (Files.exists(stampFile) && Files.readString(stampFile).equals(stamp)) {
      return;
    }
    delete(caches);
    delete(training);
    Files.createDirectories(caches);
    Files.createDirectories(training);
    long begun = System.nanoTime();
    record();
    List<String> made = make();
    delete(training);
    Files.writeString(stampFile, stamp);
    System.out.printf(
        "AOT caches of %s made in %d s%n",
        String.join(", ", made), TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - begun));
  }

  private void record() throws Exception {
    Path data = training.resolve("data");
    Path console = training.resolve("console.log");
    List<String> up =
        command(
            "launcher",
            List.of(
                "-XX:AOTMode=record",
                "-XX:AOTConfiguration=" + record("launcher"),
                "-Dstarling.training=" + training),
            MAIN);
    up.addAll(
        List.of(
            "up", "--clusters", "2", "--dir", data.toString(), "--router-port", "" + routerPort));
    Process launcher = start(up, console);
    try {
      boolean ready =
          within(READY_SECONDS, () -> !launcher.isAlive() || isReady(data)) && launcher.isAlive();
      if (!ready) {
        throw new IllegalStateException(
            "the processes do not run; starling up said:\n" + Files.readString(console));
      }
      useIt(data);
    } finally {
      launcher.destroy();
      if (!launcher.waitFor(END_SECONDS, TimeUnit.SECONDS)) {
        launcher.destroyForcibly();
      }
    }
  }

  /**
   * What users do; and a handover and a death, so that the member whose record is used has been
   * slave, was promoted, and served as master.
   */
  private void useIt(Path data) throws Exception {
    String input =
        Stream.concat(
                Stream.of("LIST", "FOLLOW bob", "FOLLOW bob", "UNFOLLOW bob", "FOLLOW bob"),
                Stream.concat(
                    IntStream.range(0, 100).mapToObj(i -> "POST trained " + i),
                    Stream.of("LIST", "TIMELINE")))
            .collect(Collectors.joining("\n", "", "\n"));
    client(List.of(), "", "post", "-u", "bob", "hello");
    client(
        List.of("-XX:AOTMode=record", "-XX:AOTConfiguration=" + record("client")),
        input,
        "-u",
        "alice");
    client(List.of(), "", "timeline", "-u", "alice");
    if (!roleIs(data, MEMBER, "slave")) {
      process(data, MEMBER).ifPresent(ProcessHandle::destroy);
    }
    if (within(ROLE_SECONDS, () -> roleIs(data, MEMBER, "slave"))) {
      client(List.of(), input, "-u", "carol", "--direct");
      process(data, PEER).ifPresent(ProcessHandle::destroyForcibly);
      within(ROLE_SECONDS, () -> roleIs(data, PEER, "slave"));
    }
    client(List.of(), input, "-u", "dave");
  }

  /** Whether the member is in sync with this role, as {@code starling status} shows it. */
  private boolean roleIs(Path data, String member, String role) {
    try {
      Path out = training.resolve("status.json");
      List<String> status = command("launcher", List.of(), MAIN);
      status.addAll(List.of("status", "--output", "json", "--dir", data.toString()));
      Files.deleteIfExists(out);
      start(status, out).waitFor();
      return Stream.of(Files.readString(out).split("\\}"))
          .anyMatch(row ->
              row.contains("\"member\": \"%s\"".formatted(member))
                  && row.contains("\"role\": \"%s\"".formatted(role))
                  && row.contains("\"inSync\": true"));
    } catch (IOException e) {
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  private static Optional<ProcessHandle> process(Path data, String name) throws IOException {
    Matcher pid =
        Pattern.compile("\"name\": \"%s\".*?\"pid\": (\\d+)".formatted(name), Pattern.DOTALL)
            .matcher(Files.readString(data.resolve("launcher.json")));
    return pid.find() ? ProcessHandle.of(Long.parseLong(pid.group(1))) : Optional.empty();
  }

  private void client(List<String> options, String input, String... arguments) throws Exception {
    List<String> command = command("client", options, MAIN);
    command.addAll(List.of(arguments));
    command.addAll(List.of("--router", "127.0.0.1:" + routerPort));
    Path log = training.resolve("client.log");
    Process process = start(command, log);
    try (var stdin = process.getOutputStream()) {
      stdin.write(input.getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      System.out.println("a client ended early: " + e.getMessage());
    }
    if (!process.waitFor(60, TimeUnit.SECONDS)) {
      process.destroyForcibly().waitFor();
    }
  }

  private List<String> make() throws Exception {
    List<String> made = new ArrayList<>();
    Map<String, Process> running = new LinkedHashMap<>();
    for (Map.Entry<String, String> entry : CACHES.entrySet()) {
      String kind = entry.getValue();
      if (!Files.exists(record(entry.getKey()))) {
        System.out.println("no AOT cache of " + kind + ": its process left no record");
        continue;
      }
      List<String> create =
          command(
              kind,
              List.of(
                  "-XX:AOTMode=create",
                  "-XX:AOTConfiguration=" + record(entry.getKey()),
                  "-XX:AOTCache=" + cache(kind)),
              MAIN);
      running.put(kind, start(create, training.resolve(kind + ".create.log")));
    }
    for (Map.Entry<String, Process> entry : running.entrySet()) {
      String kind = entry.getKey();
      if (entry.getValue().waitFor() == 0 && isUsable(kind)) {
        made.add(kind);
      } else {
        Files.deleteIfExists(cache(kind));
        System.out.println(
            "no AOT cache of %s: %s"
                .formatted(kind, Files.readString(training.resolve(kind + ".create.log"))));
      }
    }
    return made;
  }

  private boolean isUsable(String kind) throws Exception {
    List<String> command =
        command(kind, List.of("-XX:AOTMode=on", "-XX:AOTCache=" + cache(kind)), MAIN);
    command.add("--help");
    return start(command, training.resolve(kind + ".create.log")).waitFor() == 0;
  }

  private List<String> command(String kind, List<String> options, String main) {
    List<String> command = new ArrayList<>();
    command.add(java);
    command.add("@" + home.resolve("jvm").resolve(kind + ".options"));
    command.addAll(options);
    command.addAll(List.of("-cp", home.resolve("lib/starling.jar").toString(), main));
    return command;
  }

  private Path record(String name) {
    return training.resolve(name + ".aotconf");
  }

  private Path cache(String kind) {
    return caches.resolve(kind + ".aot");
  }

  private static Process start(List<String> command, Path log) throws IOException {
    return new ProcessBuilder(command)
        .redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
        .start();
  }

  private static boolean isReady(Path data) {
    try {
      return Files.readString(data.resolve("launcher.json")).contains("\"ready\": true");
    } catch (IOException e) {
      return false;
    }
  }

  private static boolean within(int seconds, BooleanSupplier condition)
      throws InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
    while (System.nanoTime() < deadline) {
      if (condition.getAsBoolean()) {
        return true;
      }
      TimeUnit.MILLISECONDS.sleep(50);
    }
    return false;
  }

  /** What a cache depends on: the JVM, its options, and the jars with their times. */
  private String stamp() throws IOException, NoSuchAlgorithmException {
    MessageDigest digest = MessageDigest.getInstance("SHA-256");
    digest.update(Runtime.version().toString().getBytes(StandardCharsets.UTF_8));
    digest.update(java.getBytes(StandardCharsets.UTF_8));
    try (Stream<Path> jars = Files.list(home.resolve("lib"));
        Stream<Path> options = Files.list(home.resolve("jvm"))) {
      for (Path file : Stream.concat(jars, options).sorted().toList()) {
        digest.update(
            "%s %d %s\n"
                .formatted(file, Files.size(file), Files.getLastModifiedTime(file))
                .getBytes(StandardCharsets.UTF_8));
      }
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  private static int freePort() throws IOException {
    for (int port = 21_000 + (int) (ProcessHandle.current().pid() % 8_000); ; port++) {
      try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getByName("127.0.0.1"))) {
        return socket.getLocalPort();
      } catch (java.net.BindException e) {
        continue;
      }
    }
  }

  private static void delete(Path folder) throws IOException {
    if (!Files.exists(folder)) {
      return;
    }
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }
}
