package social.starling.launcher;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import social.starling.common.ExitCode;

/** {@code starling down}. */
@Command(
    name = "down",
    description = "End everything that runs on this machine for DIR; what was posted stays.")
final class DownCommand implements Callable<Integer> {

  @Mixin private DirectoryOption dir = new DirectoryOption();

  @Override
  public Integer call() throws InterruptedException {
    new Down(dir.directory(), System.out::println).run();
    return ExitCode.DONE;
  }
}
