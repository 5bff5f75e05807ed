package social.starling.torture;

import java.time.Duration;
import java.util.function.Consumer;
import social.starling.torture.history.Call;
import social.starling.torture.load.Notebook;

/** Says now and then how many calls there were. A thread of its own until it is closed. */
final class StatusLine implements AutoCloseable {

  private final Thread thread;

  private StatusLine(Thread thread) {
    this.thread = thread;
  }

  static StatusLine begin(Duration every, Notebook notebook, Consumer<String> told) {
    return new StatusLine(
        Thread.ofVirtual()
            .name("status-line")
            .start(() -> {
              try {
                while (true) {
                  Thread.sleep(every);
                  told.accept(
                      "%5.0f s  %,d calls done, %,d refused or given up, %,d unknown"
                          .formatted(
                              notebook.now() / 1e9,
                              notebook.calls(Call.Outcome.OK),
                              notebook.calls(Call.Outcome.FAILED),
                              notebook.calls(Call.Outcome.UNKNOWN)));
                }
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            }));
  }

  @Override
  public void close() throws InterruptedException {
    thread.interrupt();
    thread.join();
  }
}
