package social.starling.launcher;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import social.starling.common.StartException;

@Timeout(20)
class WantedWatchTest {

  private final World world = new World();
  private final WantedWatch watch = new WantedWatch(world::wanted, world, world.said::add);

  @AfterEach
  void end() throws InterruptedException {
    watch.end();
  }

  @Test
  void shouldAddWhatIsMissingAndRemoveWhatIsTooMuch() {
    world.wanted = Optional.of(List.of("alpha", "delta"));
    watch.begin();
    await().until(() -> world.done.equals(List.of("add delta", "remove beta")));
    world.wanted = Optional.of(List.of("alpha", "beta", "delta"));
    await().until(() -> world.done.size() == 3);
    assertThat(world.done.getLast()).isEqualTo("add beta");
  }

  @Test
  void shouldChangeNothingUntilSomebodyHasSaidWhatIsWanted() {
    watch.begin();
    await().until(() -> world.looks > 3);
    assertThat(world.done).isEmpty();
  }

  @Test
  void shouldTellARefusalOnceAndGoOnWithTheRest() {
    world.refused = "beta";
    world.wanted = Optional.of(List.of("gamma"));
    watch.begin();
    await().until(() -> world.done.contains("remove alpha"));
    int before = world.looks;
    await().until(() -> world.looks > before + 3);
    assertThat(world.said).containsExactly("beta is refused");
    assertThat(world.present()).containsExactly("beta", "gamma");
  }

  @Test
  void shouldTellOnceThatWhatIsWantedCannotBeRead() {
    world.unreadable = true;
    watch.begin();
    await().until(() -> world.looks > 3);
    world.unreadable = false;
    world.wanted = Optional.of(List.of("alpha"));
    await().until(() -> world.done.contains("remove beta"));
    assertThat(world.said).containsExactly("unreadable");
  }

  private static final class World implements WantedWatch.Clusters {

    final List<String> done = new CopyOnWriteArrayList<>();
    final List<String> said = new CopyOnWriteArrayList<>();
    private final List<String> present = new ArrayList<>(List.of("alpha", "beta"));
    volatile Optional<List<String>> wanted = Optional.empty();
    volatile String refused = "";
    volatile boolean unreadable;
    volatile int looks;

    Optional<List<String>> wanted() {
      looks++;
      if (unreadable) {
        throw new StartException(1, "unreadable");
      }
      return wanted;
    }

    @Override
    public synchronized List<String> present() {
      return List.copyOf(present);
    }

    @Override
    public synchronized void add(String cluster) {
      check(cluster);
      present.add(cluster);
      done.add("add " + cluster);
    }

    @Override
    public synchronized void remove(String cluster) {
      check(cluster);
      present.remove(cluster);
      done.add("remove " + cluster);
    }

    private void check(String cluster) {
      if (cluster.equals(refused)) {
        throw new StartException(3, cluster + " is refused");
      }
    }
  }
}
