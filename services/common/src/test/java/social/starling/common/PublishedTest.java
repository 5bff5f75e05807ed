package social.starling.common;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class PublishedTest {

  private record Value(long version) {

    Value next() {
      return new Value(version + 1);
    }
  }

  private final Published<Value> published = new Published<>(new Value(0), Value::version);

  @Test
  void shouldTellListenersOfEachChangeAndOfNothingElse() {
    List<Long> seen = new CopyOnWriteArrayList<>();
    published.onChange(value -> {
      assertThat(published.current()).isEqualTo(value);
      seen.add(value.version());
    });

    published.change(Value::next);
    published.change(value -> value);
    published.hear(Value::next);
    published.hear(value -> value);

    assertThat(seen).containsExactly(1L, 2L);
  }

  @Test
  void shouldWakeWhoWaitsForAnotherValue() throws Exception {
    assertThat(published.awaitOtherThan(0, Duration.ofMillis(1))).isFalse();
    CompletableFuture<Boolean> woken = new CompletableFuture<>();
    Thread.ofVirtual()
        .start(() -> {
          try {
            woken.complete(published.awaitOtherThan(0, Duration.ofMinutes(1)));
          } catch (InterruptedException e) {
            woken.completeExceptionally(e);
          }
        });

    published.change(Value::next);

    assertThat(woken.get(20, TimeUnit.SECONDS)).isTrue();
    assertThat(published.awaitOtherThan(0, Duration.ZERO)).isTrue();
  }

  @Test
  void shouldBeYoungAgainOnlyWhenSomethingWasHeard() {
    Duration before = published.age();
    published.change(Value::next);
    assertThat(published.age()).isGreaterThanOrEqualTo(before);

    long heard = System.nanoTime();
    published.hear(value -> value);

    Duration age = published.age();
    assertThat(age).isLessThanOrEqualTo(Duration.ofNanos(System.nanoTime() - heard));
  }
}
