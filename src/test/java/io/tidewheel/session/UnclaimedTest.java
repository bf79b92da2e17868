package io.tidewheel.session;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidewheel.session.Unclaimed.Place;
import io.tidewheel.subscription.Receipt;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class UnclaimedTest {
  private static final Place BILLING = new Place("orders", "billing");
  private static final Place OTHERS = new Place("orders", "others");

  private final Unclaimed unclaimed = new Unclaimed();

  @Test
  void whatIsClaimedIsNotLeft() {
    unclaimed.inherit(Map.of(BILLING, Set.of(receipt(1), receipt(2))));
    unclaimed.claim(BILLING, receipt(1));
    assertThat(unclaimed.take(BILLING)).containsExactly(receipt(2));
    assertThat(unclaimed.has(BILLING)).isFalse();
  }

  /** Guards a client that is quicker than the session it has left. */
  @Test
  void aClaimMayComeBeforeWhatItClaims() {
    assertThat(unclaimed.isOpen(BILLING)).isFalse();
    unclaimed.expect();
    assertThat(unclaimed.isOpen(BILLING)).isTrue();
    unclaimed.claim(BILLING, receipt(1));
    unclaimed.inherit(Map.of(BILLING, Set.of(receipt(1), receipt(2)), OTHERS, Set.of(receipt(3))));
    assertThat(unclaimed.take(BILLING)).containsExactly(receipt(2));
    assertThat(unclaimed.take(OTHERS)).containsExactly(receipt(3));
    assertThat(unclaimed.isOpen(BILLING)).isFalse();
  }

  private static Receipt receipt(long offset) {
    return new Receipt(7, 0, 0, offset, 1, 0);
  }
}
