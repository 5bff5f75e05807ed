package social.starling.server.api;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class PresenceTest {

  private final Presence presence = new Presence();

  @Test
  void aUserIsActiveWhileASessionIsOpenWhateverTheCaseOfTheName() {
    assertThat(presence.begin("Alice")).isTrue();
    assertThat(presence.begin("alice")).isTrue();
    presence.end("ALICE");
    assertThat(presence.isActive("alice")).isTrue();

    presence.end("alice");

    assertThat(presence.isActive("alice")).isFalse();
    assertThat(presence.activeUsers()).isZero();
  }

  @Test
  void theSessionsOfOneUserAreBoundedAndLeaveRoomForOthers() {
    for (int i = 0; i < Presence.MAX_PER_USER; i++) {
      assertThat(presence.begin("alice")).isTrue();
    }

    assertThat(presence.begin("alice")).isFalse();
    assertThat(presence.begin("bob")).isTrue();

    presence.end("alice");
    assertThat(presence.begin("alice")).isTrue();
  }
}
