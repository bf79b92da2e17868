package io.tidewheel.feedback;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidewheel.catalog.Changed;
import io.tidewheel.catalog.SubscriptionSettings;
import io.tidewheel.catalog.Topic;
import io.tidewheel.feedback.Allowances.Allowed;
import io.tidewheel.subscription.Allowance.Reason;
import java.util.List;
import org.junit.jupiter.api.Test;

class AllowancesTest {
  private static final Topic.Subscription FREE = subscription(1, null);
  private static final Topic.Subscription LIMITED = subscription(2, 500.0);

  private final Allowances allowances =
      new Allowances(
          List.of(
              node("a", row(FREE, 40, 0.5, Reason.SUCCESS), row(LIMITED, 1e9, 0.75, Reason.NONE)),
              node("b", row(FREE, 60, 0.5, Reason.BACKEND), row(LIMITED, 20, 0.25, Reason.CPU))));

  @Test
  void addsUpNodesAndNamesTheReasonOfTheLeast() {
    assertThat(allowances.of(FREE, null)).isEqualTo(new Allowed(100, Reason.SUCCESS));
    assertThat(allowances.of(FREE, "b")).isEqualTo(new Allowed(60, Reason.BACKEND));
  }

  @Test
  void takesTheOwnLimitWhereItIsLess() {
    assertThat(allowances.of(LIMITED, "a")).isEqualTo(new Allowed(375, Reason.RATE_LIMIT));
    assertThat(allowances.of(LIMITED, null)).isEqualTo(new Allowed(395, Reason.CPU));
  }

  @Test
  void isTheSettingAloneWhereNobodyHasSaidAnything() {
    assertThat(Allowances.NOTHING.of(FREE, null)).isEqualTo(Allowed.UNBOUNDED);
    assertThat(Allowances.NOTHING.of(LIMITED, null)).isEqualTo(new Allowed(500, Reason.RATE_LIMIT));
    assertThat(allowances.of(LIMITED, "c")).isEqualTo(new Allowed(250, Reason.RATE_LIMIT));
    assertThat(allowances.of(LIMITED, "c").isThrottled()).isFalse();
  }

  private static Topic.Subscription subscription(long uid, Double rateLimit) {
    SubscriptionSettings settings = SubscriptionSettings.DEFAULTS;
    return new Topic.Subscription(
        uid,
        "s" + uid,
        1,
        0,
        rateLimit == null ? settings : Changed.in(settings, "rateLimit", rateLimit),
        Topic.StartPosition.EARLIEST,
        0,
        Topic.Stage.OPEN,
        false);
  }

  private static NodeFeedback.Node node(String name, NodeFeedback.Row... rows) {
    return new NodeFeedback.Node(name, 0, 0, 1, List.of(rows));
  }

  private static NodeFeedback.Row row(
      Topic.Subscription of, double rate, double limitShare, Reason reason) {
    return new NodeFeedback.Row(
        7, of.uid(), rate, limitShare, reason, "", 0, Double.NaN, List.of());
  }
}
