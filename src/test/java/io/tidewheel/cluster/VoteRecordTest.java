package io.tidewheel.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class VoteRecordTest {
  private static final NodeId A = new NodeId("a:1", 1);
  private static final NodeId B = new NodeId("b:1", 2);
  private static final NodeId OLD_B = new NodeId("b:1", 9);
  private static final long SECOND = 1_000_000_000L;

  private final VoteRecord record = new VoteRecord();
  private final MemberView view = new MemberView(A, Set.of(A, B), Set.of(), Set.of());

  @Test
  void saysYesToReachableMembersOnly() {
    assertThat(record.vote(B, List.of(), view, SECOND).isYes()).isTrue();
    assertThat(record.vote(OLD_B, List.of(), view, SECOND).isYes()).isFalse();
    MemberView unreachable = new MemberView(A, Set.of(A, B), Set.of(), Set.of(B));
    assertThat(record.vote(B, List.of(), unreachable, SECOND).isYes()).isFalse();
  }

  @Test
  void tellsHowLongItHasNotSaidYesToOneThatIsGone() {
    record.vote(B, List.of(), view, 30 * SECOND);
    MemberView without = new MemberView(A, Set.of(A), Set.of(), Set.of());
    assertThat(record.vote(A, List.of(B), without, 32 * SECOND).silentMillis())
        .containsEntry(B, 2_000L);
    assertThat(record.vote(A, List.of(B), view, 32 * SECOND).silentMillis()).isEmpty();
  }

  /**
   * Guards a restarted broker, whose predecessor may have said yes a moment before; and one whose
   * process has run for long when it becomes the second of two that confirm a third.
   */
  @Test
  void oneThatHasJustBegunToVoteDoesNotSpeakForTheTimeBefore() {
    VoteRecord fresh = new VoteRecord();
    MemberView without = new MemberView(A, Set.of(A), Set.of(), Set.of());
    assertThat(fresh.vote(A, List.of(B), without, 100 * SECOND).silentMillis())
        .containsEntry(B, 0L);
    assertThat(fresh.vote(A, List.of(B), without, 101 * SECOND).silentMillis())
        .containsEntry(B, 1_000L);
  }

  @Test
  void oneThatHasResignedIsRefusedAndFree() {
    record.vote(B, List.of(), view, 30 * SECOND);
    record.onResigned(B);
    assertThat(record.vote(B, List.of(), view, 30 * SECOND).isYes()).isFalse();
    MemberView without = new MemberView(A, Set.of(A), Set.of(), Set.of());
    assertThat(record.vote(A, List.of(B), without, 30 * SECOND).silentMillis().get(B))
        .isGreaterThan(4_000L);
  }
}
