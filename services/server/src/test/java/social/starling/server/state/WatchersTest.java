package social.starling.server.state;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class WatchersTest {

  private final Users users = new Users();
  private final Watchers watchers = new Watchers(users);
  private final User alice = users.add("alice", State.LOCAL, 1);
  private final User bob = users.add("bob", State.LOCAL, 2);
  private final AtomicInteger woken = new AtomicInteger();
  private final Runnable wake = woken::incrementAndGet;

  @Test
  void shouldWakeWhoFollowedBefore() {
    follow();
    watchers.begin(bob, wake);

    watchers.wake(alice);

    assertThat(woken).hasValue(1);
  }

  @Test
  void shouldWakeWhoFollowsLaterUntilTheUnfollow() {
    watchers.begin(bob, wake);
    watchers.wake(alice);
    assertThat(woken).hasValue(0);

    follow();
    watchers.wake(alice);
    assertThat(woken).hasValue(1);

    unfollow();
    watchers.wake(alice);
    assertThat(woken).hasValue(1);
    assertThat(alice.listening).isNull();
  }

  @Test
  void shouldWakeEachStreamOfAUserUntilItEnds() {
    AtomicInteger other = new AtomicInteger();
    Runnable wakeOther = other::incrementAndGet;
    follow();
    watchers.begin(bob, wake);
    watchers.begin(bob, wakeOther);

    watchers.wake(alice);
    watchers.end(bob, wake);
    watchers.wake(alice);
    watchers.end(bob, wakeOther);
    watchers.wake(alice);

    assertThat(woken).hasValue(1);
    assertThat(other).hasValue(2);
    assertThat(alice.listening).isNull();
    assertThat(bob.watchers).isEmpty();
  }

  @Test
  void shouldTakeASecondEndForNothing() {
    follow();
    watchers.begin(bob, wake);
    watchers.begin(bob, () -> {});
    watchers.end(bob, wake);

    watchers.end(bob, wake);

    assertThat(bob.watchers).hasSize(1);
    assertThat(alice.listening).containsExactly(bob);
  }

  @Test
  @Timeout(60)
  void shouldAgreeWithWhoFollowsWhateverHappensAtOnce() throws Exception {
    AtomicBoolean over = new AtomicBoolean();
    CountDownLatch begun = new CountDownLatch(1);
    Thread streams =
        Thread.ofPlatform()
            .start(() -> {
              while (!over.get()) {
                watchers.begin(bob, wake);
                begun.countDown();
                watchers.end(bob, wake);
              }
            });
    begun.await();
    for (int i = 0; i < 100_000; i++) {
      follow();
      unfollow();
    }
    over.set(true);
    streams.join();

    // Nothing of all that is left over, and what begins now works.
    assertThat(alice.listening).isNull();
    follow();
    watchers.begin(bob, wake);
    int before = woken.get();
    watchers.wake(alice);
    assertThat(woken).hasValue(before + 1);
  }

  private void follow() {
    bob.following = bob.following.with(0, alice.number, 3, 0);
    watchers.followed(bob, alice);
  }

  private void unfollow() {
    bob.following = bob.following.without(0, 4);
    watchers.unfollowed(bob, alice);
  }
}
