package social.starling.client.cli;

import io.grpc.Status;
import java.io.IOException;
import java.io.UncheckedIOException;
import social.starling.client.StarlingException;
import social.starling.common.ExitCode;
import social.starling.common.StartException;

/**
 * What a person or program at the other end is told of a failure.
 *
 * @param exitCode of the command
 * @param word for programs
 * @param sentence for people; empty when nobody reads it any more
 */
record Failures(int exitCode, String word, String sentence) {

  /** As a process that a signal SIGPIPE ends. */
  static final int READER_LEFT = 141;

  static Failures of(Exception failure) {
    return switch (failure) {
      case StarlingException e -> new Failures(exitCode(e), e.word(), sentence(e));
      case ImportFailure e -> new Failures(exitCode(e.reason()), e.reason().word(), e.getMessage());
      case InputException e -> new Failures(ExitCode.USAGE, e.word(), e.getMessage());
      case StartException e -> new Failures(e.exitCode(), "FAILED", e.getMessage());
      case UncheckedIOException e when readerLeft(e.getCause()) ->
          new Failures(READER_LEFT, "READER_LEFT", "");
      case UncheckedIOException e ->
          new Failures(
              ExitCode.FAILED, "IO", "reading or writing failed: " + described(e.getCause()));
      default ->
          new Failures(ExitCode.FAILED, "INTERNAL", "the command failed: " + described(failure));
    };
  }

  static String sentence(StarlingException e) {
    boolean nobody = e.code() == Status.Code.UNAVAILABLE && e.reason().isEmpty();
    return e.getMessage() + (nobody ? "; is it running? `starling status` tells" : "");
  }

  private static int exitCode(StarlingException e) {
    return switch (e.reason().orElse(null)) {
      case INVALID_NAME, INVALID_TEXT, INVALID_REQUEST -> ExitCode.USAGE;
      case null, default -> ExitCode.FAILED;
    };
  }

  private static boolean readerLeft(IOException e) {
    return e.getMessage() != null && e.getMessage().contains("Broken pipe");
  }

  private static String described(Exception e) {
    String name = e.getClass().getSimpleName();
    return e.getMessage() == null ? name : name + ": " + e.getMessage();
  }
}
